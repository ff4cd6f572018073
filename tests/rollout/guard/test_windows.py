"""What the counters say, on real tables: against an oracle of plain sums, whatever was rolled up and deleted when."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout import windows
from rollout.guard import rollups
from rollout.models import Flush, HealthSample
from rollout.spans import HOUR, MINUTE, SECOND, spans
from tests.rollout.guard.history import Second, added, bars, store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEATURES = ("api_v4_reviews", "api_v4_restaurants")
LATER = timedelta(hours=1)

pytestmark = pytest.mark.django_db

moments = st.integers(0, 100 * 60).map(lambda seconds: NOON + timedelta(minutes=-17, seconds=seconds))
seconds_rows = st.builds(
    Second,
    at=moments,
    feature=st.sampled_from(FEATURES),
    operation=st.sampled_from(["reviews.list", "restaurants.search"]),
    arm=st.sampled_from(["control", "candidate", "contract"]),
    calls=st.integers(1, 50),
    failures=st.integers(0, 9),
    eligible=st.integers(0, 9),
    lost=st.integers(0, 3),
    duration_ms=st.sampled_from([0.05, 4.0, 90.0, 100_000.0]),
)


def sample(at: datetime, calls: int = 1, feature: str = FEATURES[0]) -> Second:
    return Second(at, feature, "reviews.list", "candidate", calls)


def keep_house(now: datetime) -> None:
    """Roll up and forget until there is nothing left to do."""
    while not (rollups.roll_up(now) and rollups.forget(now)):
        pass


def rows(resolution_s: int) -> int:
    return HealthSample.objects.filter(resolution_s=resolution_s).count()


@settings(max_examples=40, deadline=None)
@given(
    history=st.lists(seconds_rows, max_size=25),
    rolled=st.lists(moments, max_size=4),
    now=moments,
    ago=st.integers(0, 5000),
    features=st.sampled_from([FEATURES, FEATURES[:1]]),
)
def test_every_sum_counts_each_call_exactly_once_whatever_was_rolled_up_when(
    history: list[Second], rolled: list[datetime], now: datetime, ago: int, features: tuple[str, ...]
) -> None:
    HealthSample.objects.all().delete()
    past, waiting = sorted((one for one in history if one.at <= now), key=lambda one: one.at), list(rolled)
    for at in sorted(at for at in waiting if at <= now):
        arrived = [one for one in past if one.at <= at]
        store(arrived)
        past = past[len(arrived) :]
        keep_house(at)
    store(past)
    since = now - timedelta(seconds=ago)

    chosen = spans(since, now + LATER, HealthSample.objects.marks())
    found, shown = windows.sums(features, chosen), windows.histograms(features, chosen)

    meant = [one for one in history if since <= one.at <= now and one.feature in features and one.arm != "contract"]
    for name in ("calls", "failures", "eligible", "lost"):
        assert {key: getattr(sums, name) for key, sums in found.items()} == added(meant, name)
    assert shown == bars(meant)


def test_rolling_up_again_adds_nothing() -> None:
    store([sample(NOON + timedelta(seconds=7 * number)) for number in range(1200)])

    keep_house(NOON + timedelta(hours=3, minutes=1))
    before = (rows(MINUTE), rows(HOUR))
    keep_house(NOON + timedelta(hours=3, minutes=1))

    assert before == (rows(MINUTE), rows(HOUR)) == (140, 3)


def test_a_minute_is_rolled_up_only_once_its_last_deliveries_are_there() -> None:
    store([sample(NOON)])

    rollups.roll_up(NOON + timedelta(seconds=69))
    assert rows(MINUTE) == 0

    rollups.roll_up(NOON + timedelta(seconds=70))
    assert rows(MINUTE) == 1


def test_seconds_are_kept_for_two_hours_and_minutes_for_thirty_days() -> None:
    store([sample(NOON), sample(NOON + timedelta(minutes=5))])

    keep_house(NOON + timedelta(hours=2, minutes=1))
    assert (rows(SECOND), rows(MINUTE), rows(HOUR)) == (1, 2, 1)

    keep_house(NOON + timedelta(days=30, minutes=1))
    assert (rows(SECOND), rows(MINUTE), rows(HOUR)) == (0, 1, 1)


def test_what_piled_up_while_no_guard_ran_is_worked_off_in_portions_and_nothing_of_it_is_lost() -> None:
    store([sample(NOON + timedelta(minutes=number)) for number in range(0, 3 * 24 * 60, 20)])
    back = NOON + timedelta(days=3, minutes=1)

    is_done = rollups.roll_up(back)
    for _ in range(3):
        rollups.forget(back)

    assert not is_done
    assert rows(MINUTE) == 3
    assert rows(SECOND) + rows(MINUTE) == 3 * 24 * 3

    keep_house(back)

    step = windows.sums(FEATURES, spans(NOON, back + LATER, HealthSample.objects.marks()))
    assert step[FEATURES[0], "candidate"].calls == 3 * 24 * 3
    assert rows(SECOND) == 5
    assert rows(HOUR) == 72


def test_an_hour_is_added_up_only_once_all_of_its_minutes_are_there() -> None:
    store([sample(NOON + timedelta(minutes=number)) for number in range(50, 180)])
    back = NOON + timedelta(hours=6)

    rollups.roll_up(back)
    assert rows(HOUR) == 1

    keep_house(back)
    hours = HealthSample.objects.filter(resolution_s=HOUR).order_by("at").values_list("calls", flat=True)
    assert list(hours) == [10, 60, 60]


def test_the_keys_of_deliveries_are_kept_as_long_as_seconds() -> None:
    worker = uuid4()
    Flush.objects.create(worker=worker, sequence=1, at=NOON)
    Flush.objects.create(worker=worker, sequence=2, at=NOON + timedelta(minutes=5))

    keep_house(NOON + timedelta(hours=2, minutes=1))

    assert list(Flush.objects.values_list("sequence", flat=True)) == [2]


def test_the_health_of_a_feature_is_its_window_its_step_and_how_much_of_it_may_be_evidence() -> None:
    now = NOON + timedelta(minutes=30)
    store(
        [
            Second(NOON, FEATURES[0], "reviews.list", "control", 40, failures=4, eligible=10, lost=2),
            Second(now - timedelta(minutes=4), FEATURES[0], "reviews.list", "candidate", 10, 5, 10, 0, 90.0),
            Second(now - timedelta(minutes=4), FEATURES[1], "restaurants.search", "candidate", 1000, 900),
        ]
    )

    seen = windows.recent(FEATURES, now, HealthSample.objects.marks())
    found = windows.health(FEATURES[:1], NOON - timedelta(hours=1), seen)
    together = windows.health(FEATURES, NOON - timedelta(hours=1), seen)

    assert (found.arm("candidate").calls, found.arm("candidate").failures) == (10, 5)
    assert 90 <= found.arm("candidate").p95_ms <= 90 * 1.19
    assert (found.arm("control").calls, found.arm("control").calls_in_step) == (0, 40)
    assert found.lost_in_step == 2
    assert found.evidence_share == 20 / 50
    assert (together.arm("candidate").calls, together.arm("candidate").failures) == (1010, 905)
    assert together.arm("candidate").p95_ms < 10


def test_habits_are_those_of_v3_by_operation() -> None:
    store(
        [
            Second(NOON, FEATURES[0], "reviews.list", "control", 3, duration_ms=90.0),
            Second(NOON, FEATURES[0], "reviews.list", "candidate", 5, duration_ms=900.0),
            Second(NOON, FEATURES[1], "restaurants.search", "control", 7),
        ]
    )

    found = windows.habits(FEATURES, spans(NOON, NOON + LATER, HealthSample.objects.marks()))

    assert found == {"reviews.list": {39: 3}, "restaurants.search": {22: 7}}
