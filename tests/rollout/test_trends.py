"""Trends are what a plain sum over the calls themselves says, however the rows were rolled up."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rollout.histogram import bucket
from rollout.models import HealthSample
from rollout.trends import COUNTED, Calls, Step, operations, total, trend

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 14, 35, 20, tzinfo=UTC)
OPERATIONS = {"restaurants.search": "api_v4_restaurants", "reviews.list": "api_v4_reviews"}


@dataclass(frozen=True)
class Call:
    """One call, as the load generator would count it itself."""

    at: datetime
    operation: str
    arm: str
    outcome: str
    duration_ms: float

    @property
    def feature(self) -> str:
        return OPERATIONS[self.operation]


def generated(seed: int, count: int = 400) -> list[Call]:
    """Return calls of the last two days, the newer the denser."""
    chance = random.Random(seed)
    outcomes = ["ok", "ok", "client_errors", "failures", "recovered", "breaker", "bulkhead"]
    return [
        Call(
            at=NOW - timedelta(seconds=int(2 * 86400 * chance.random() ** 4) + 1),
            operation=chance.choice(list(OPERATIONS)),
            arm=chance.choice(["control", "candidate", "contract"]),
            outcome=chance.choice(outcomes),
            duration_ms=chance.lognormvariate(3, 2),
        )
        for _ in range(count)
    ]


def start_of(at: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def counted(calls: Iterable[Call]) -> Calls:
    """The oracle: what became of these calls, counted one by one."""
    calls = list(calls)
    became = Counter(call.outcome for call in calls)
    return Calls(
        calls=len(calls),
        eligible=sum(call.duration_ms > 10 for call in calls),
        client_errors=became["client_errors"],
        failures=became["failures"] + became["recovered"],
        recovered=became["recovered"],
        breaker=became["breaker"],
        bulkhead=became["bulkhead"],
        total_ms=sum(call.duration_ms for call in calls),
        buckets=Counter(bucket(call.duration_ms) for call in calls),
    )


def grouped(calls: Iterable[Call], key: Callable[[Call], Any]) -> dict[Any, list[Call]]:
    found: dict[Any, list[Call]] = {}
    for call in calls:
        found.setdefault(key(call), []).append(call)
    return found


def store(calls: Sequence[Call], resolution_s: int) -> None:
    """Write the rows of one resolution, as the roll-up would."""
    spans = grouped(calls, lambda call: (start_of(call.at, resolution_s), call.operation, call.arm))
    HealthSample.objects.bulk_create(
        HealthSample(
            resolution_s=resolution_s,
            at=at,
            feature=OPERATIONS[operation],
            operation=operation,
            arm=arm,
            buckets=list(counted(some).buckets),
            counts=list(counted(some).buckets.values()),
            **{name: getattr(counted(some), name) for name in COUNTED},
        )
        for (at, operation, arm), some in spans.items()
    )


def roll_up(calls: Sequence[Call], *, minutes_until: datetime, hours_until: datetime) -> None:
    """Store each call once for every resolution that has got that far, and forget seconds older than two hours."""
    store([call for call in calls if call.at >= NOW - timedelta(hours=2)], 1)
    store([call for call in calls if call.at < minutes_until], 60)
    store([call for call in calls if call.at < hours_until], 3600)


def same(found: Calls, expected: Calls) -> bool:
    plain = [name for name in COUNTED if name != "total_ms"]
    alike = all(getattr(found, name) == getattr(expected, name) for name in plain)
    return (
        alike and dict(found.buckets) == dict(expected.buckets) and found.total_ms == pytest.approx(expected.total_ms)
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("step", [Step.MINUTE, Step.HOUR, Step.DAY])
@pytest.mark.parametrize(
    ("minutes_behind", "hours_behind"), [(timedelta(0), timedelta(0)), (timedelta(minutes=7), timedelta(hours=1))]
)
def test_every_call_is_counted_once_whatever_has_been_rolled_up(
    seed: int, step: Step, minutes_behind: timedelta, hours_behind: timedelta
) -> None:
    calls, since = generated(seed), NOW - timedelta(hours=20, minutes=3)
    minutes_until = start_of(NOW - minutes_behind, 60)
    roll_up(calls, minutes_until=minutes_until, hours_until=start_of(minutes_until - hours_behind, 3600))

    found = trend(None, since, NOW, step)

    inside = [call for call in calls if call.at >= start_of(since, step)]
    expected = grouped(inside, lambda call: (start_of(call.at, step), call.arm))
    points = {(point.at, arm): calls for point in found for arm, calls in point.arms.items()}
    assert points.keys() == expected.keys()
    assert [key for key in points if not same(points[key], counted(expected[key]))] == []
    assert [point.at for point in found] == sorted(point.at for point in found)


def test_ten_second_points_are_read_from_seconds_alone() -> None:
    calls, since = generated(1, 2000), NOW - timedelta(minutes=5)
    roll_up(calls, minutes_until=start_of(NOW, 60), hours_until=start_of(NOW, 3600))

    found = trend("api_v4_reviews", since, NOW, Step.TEN_SECONDS)

    inside = [call for call in calls if call.at >= since and call.feature == "api_v4_reviews"]
    expected = grouped(inside, lambda call: (start_of(call.at, 10), call.arm))
    assert {(point.at, arm) for point in found for arm in point.arms} == expected.keys()
    assert sum(calls.calls for calls in total(found).values()) == len(inside) > 0


def test_operations_and_totals_divide_the_same_calls() -> None:
    calls, since = generated(2), NOW - timedelta(hours=24)
    roll_up(calls, minutes_until=start_of(NOW, 60), hours_until=start_of(NOW, 3600))

    found = operations(["api_v4_restaurants", "api_v4_reviews"], since, NOW, Step.HOUR)

    inside = [call for call in calls if call.at >= start_of(since, 3600)]
    expected = grouped(inside, lambda call: (call.operation, call.arm))
    assert [one.operation for one in found] == sorted(OPERATIONS)
    assert {one.feature for one in found} == set(OPERATIONS.values())
    assert all(same(one.arms[arm], counted(expected[one.operation, arm])) for one in found for arm in one.arms)
    assert same(sum(total(found).values(), Calls()), counted(inside))


def test_quantiles_are_those_of_the_merged_buckets() -> None:
    calls = [Call(NOW - timedelta(seconds=n), "reviews.list", "control", "ok", float(n)) for n in range(1, 101)]
    roll_up(calls, minutes_until=start_of(NOW, 60), hours_until=start_of(NOW, 3600))

    (arm,) = total(trend("api_v4_reviews", NOW - timedelta(minutes=5), NOW, Step.MINUTE)).values()

    assert 95 <= arm.quantile_ms(0.95) <= 95 * 1.19
    assert 50 <= arm.quantile_ms(0.5) <= 50 * 1.19


def test_shares_are_per_hundred_calls_of_the_arm() -> None:
    arm = Calls(calls=200, failures=10, recovered=8, breaker=1, bulkhead=1)

    assert (arm.error_percent, arm.by_v3_percent) == (5.0, 5.0)
    assert (Calls().error_percent, Calls().by_v3_percent, Calls().quantile_ms(0.95)) == (0.0, 0.0, 0.0)


def test_without_a_sample_there_is_no_point() -> None:
    assert trend(None, NOW - timedelta(hours=24), NOW, Step.HOUR) == []
    assert operations("api_v4_users", NOW - timedelta(hours=24), NOW, Step.HOUR) == []
    assert total([]) == {}


@pytest.mark.parametrize("count", [10, 800])
def test_a_trend_is_one_query_however_much_there_is(count: int, django_assert_num_queries: Any) -> None:
    roll_up(generated(3, count), minutes_until=start_of(NOW, 60), hours_until=start_of(NOW, 3600))

    with django_assert_num_queries(1):
        trend(None, NOW - timedelta(hours=24), NOW, Step.HOUR)
