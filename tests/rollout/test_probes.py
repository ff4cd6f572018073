"""Probes: what the machine and the services are doing, and from when on it is worth telling."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.cache import caches
from django.db import connection
from django.test import override_settings

from jewgo.core.resilient import Lookups, redis_lookups
from rollout.alert_kinds import Kind
from rollout.histogram import bucket
from rollout.models import HealthSample
from rollout.probes import Machine, Prober, Services, busy_percent
from rollout.requests import traffic
from rollout.thresholds import IN_A_ROW, Probed, Thresholds, Traffic, findings, unstorable
from tests.rollout.control import START

EVERY_S = 5


class StillMachine(Machine):
    """A machine that is as busy and as full as a test says."""

    def __init__(self, cpu: Iterable[float | None] = (), memory: float = 10) -> None:
        self.host = "web"
        self._cpu, self._memory = iter(cpu), memory

    def cpu_percent(self) -> float | None:
        return next(self._cpu, 10.0)

    def memory_percent(self) -> float:
        return self._memory


def services(
    *,
    database: Iterable[float | None] = (),
    cache: Iterable[float | None] = (),
    lookups: Iterable[Lookups | None] = (),
    of_traffic: Traffic | None = None,
) -> Services:
    """Return services that answer what a test says, and then that all is well."""
    databases, answers, counters = iter(database), iter(cache), iter(lookups)
    return Services(
        database_ms=lambda: next(databases, 1.0),
        cache_ms=lambda: next(answers, 1.0),
        lookups=lambda: next(counters, None),
        traffic=lambda _: of_traffic or Traffic(),
    )


def prober(machine: Machine | None = None, answers: Services | None = None, **limits: Any) -> Prober:
    return Prober(Thresholds(**limits), machine or StillMachine(), answers or services())


def probes(one: Prober, count: int) -> list[Probed]:
    """Probe so many times, every five seconds."""
    return [one.probe(START + timedelta(seconds=EVERY_S * number)) for number in range(count)]


def names(one: Prober, seen: Iterable[Probed]) -> list[list[str]]:
    """Return what is told after each probe."""
    return [[raised.name.value for raised in findings(probed, one.thresholds)] for probed in seen]


class TestRules:
    """What lasts is told; what does not is not."""

    def test_nothing_is_told_of_a_quiet_machine(self) -> None:
        one = prober()

        assert names(one, probes(one, 5)) == [[]] * 5

    def test_processors_over_the_threshold_for_three_probes_in_a_row(self) -> None:
        one = prober(StillMachine(cpu=[None, 81, 99, 80, 81, 81, 93, 20]))

        told = names(one, seen := probes(one, 8))

        assert told == [[], [], [], [], [], [], ["high_cpu"], []]
        (raised,) = findings(seen[6], one.thresholds)
        assert raised.message == "The processors of web are 93 % busy, over 80 % for 3 probes in a row."
        assert (raised.details["cpu_percent"], raised.details["host"]) == (93, "web")

    def test_memory_over_the_threshold(self) -> None:
        one = prober(StillMachine(memory=81), memory_percent=80)

        assert names(one, probes(one, 4)) == [[], [], ["high_memory"], ["high_memory"]]

    def test_a_cache_that_does_not_answer_is_down_at_once_and_told_when_it_lasts(self) -> None:
        one = prober(answers=services(cache=[None] * 3))

        told = names(one, seen := probes(one, 4))

        assert [probed.down for probed in seen] == [("cache",)] * 3 + [()]
        assert told == [[], [], ["cache"], []]

    @pytest.mark.parametrize(
        ("of_traffic", "told"),
        [
            (Traffic(100, 6, 1001), ["high_error_rate", "slow_request"]),
            (Traffic(100, 5, 1000), []),
            (Traffic(99, 99, 5000), []),
            (Traffic(1000, 51, 10), ["high_error_rate"]),
        ],
    )
    def test_requests_that_fail_or_are_slow_have_lasted_five_minutes_already(
        self, of_traffic: Traffic, told: list[str]
    ) -> None:
        one = prober(answers=services(of_traffic=of_traffic))

        assert names(one, probes(one, 1)) == [told]

    def test_thresholds_are_the_settings(self, settings: Any) -> None:
        settings.ROLLOUT = {**settings.ROLLOUT, "ALERTS": {"cpu_percent": 5, "database_failures": 1}}
        one = Prober(machine=StillMachine(), services=services(database=[None]))

        assert names(one, probes(one, IN_A_ROW)) == [["database"], ["database"], ["high_cpu", "database"]]

    def test_the_originals_thresholds_are_the_default(self) -> None:
        assert Thresholds(**configured.ROLLOUT["ALERTS"]) == Thresholds(
            response_ms=1000,
            error_percent=5,
            memory_percent=80,
            cpu_percent=80,
            cache_hit_percent=70,
            database_failures=3,
        )


class TestDatabase:
    """An outage of the database cannot be stored while it lasts."""

    def test_three_failures_in_a_row_are_told_also_when_it_is_back(self) -> None:
        one = prober(answers=services(database=[None, None, 1.0, None, None, None]))

        told = names(one, seen := probes(one, 14))

        assert [probed.down for probed in seen][:7] == [("database",)] * 2 + [()] + [("database",)] * 3 + [()]
        assert told == [[]] * 5 + [["database"]] * 7 + [[]] * 2
        (after,) = findings(seen[6], one.thresholds)
        assert after.message == (
            "PostgreSQL did not answer 3 probes in a row from 12:00:15 UTC on; it answers again since 12:00:30."
        )

    def test_it_is_told_past_the_outbox_at_the_third_failure_and_not_again(self) -> None:
        one = prober(answers=services(database=[None] * 5))

        told = [unstorable(probed, one.thresholds) for probed in probes(one, 7)]

        assert [raised is not None for raised in told] == [False, False, True, False, False, False, False]
        assert told[2] is not None
        assert told[2].message == "PostgreSQL did not answer 3 probes in a row from 12:00:00 UTC on."

    def test_two_failures_are_no_outage(self) -> None:
        one = prober(answers=services(database=[None, None]))

        assert names(one, probes(one, 4)) == [[]] * 4

    def test_requests_are_not_asked_for_while_it_is_away(self) -> None:
        def no_one(_: datetime) -> Traffic:
            raise AssertionError("the database was asked")

        one = prober(answers=Services(lambda: None, lambda: 1.0, lambda: None, no_one))

        assert probes(one, 1)[0].traffic == Traffic()


class TestHitRate:
    """Of the look-ups in the last minute."""

    def rates(self, *counters: tuple[int, int] | None) -> list[float | None]:
        found = [None if one is None else Lookups(*one) for one in counters]
        return [probed.cache_hit_percent for probed in probes(prober(answers=services(lookups=found)), len(found))]

    def test_it_is_a_rate_from_a_hundred_lookups_on(self) -> None:
        assert self.rates((1000, 1000), (1050, 1049), (1050, 1050), (1060, 1090)) == [None, None, 50.0, 40.0]

    def test_lookups_older_than_a_minute_are_forgotten(self) -> None:
        quiet = [(2000, 1000)] * 12

        assert self.rates((1000, 1000), *quiet)[-1] == 100.0
        assert self.rates((1000, 1000), *quiet, (2000, 1000))[-1] is None

    def test_a_server_that_started_anew_begins_anew(self) -> None:
        assert self.rates((5000, 5000), (10, 10), (110, 10), None, (500, 10)) == [None, None, 100.0, None, None]

    def test_a_low_rate_is_told_when_it_lasts(self) -> None:
        found = [Lookups(60 * number, 40 * number) for number in range(5)]
        one = prober(answers=services(lookups=found))

        told = names(one, seen := probes(one, 5))

        assert told == [[], [], [], ["cache_hit_rate"], ["cache_hit_rate"]]
        (raised,) = findings(seen[-1], one.thresholds)
        assert raised.message == "60 % of the cache's look-ups in the last minute were hits, under 70 %."


@pytest.fixture
def database_is_away(transactional_db: None) -> Any:
    """Return what points the connection at a port where nothing listens, for a while."""

    @contextmanager
    def away() -> Iterator[None]:
        place = {name: connection.settings_dict[name] for name in ("HOST", "PORT")}
        connection.close()
        connection.settings_dict.update(HOST="127.0.0.1", PORT="1")
        yield
        connection.close()
        connection.settings_dict.update(place)

    return away


@pytest.mark.django_db
class TestReality:
    """The machine and the servers of the test run themselves."""

    def test_everything_is_measured_and_answers(self) -> None:
        one = Prober()

        first, second = one.probe(START), one.probe(START + timedelta(seconds=EVERY_S))

        assert first.cpu_percent is None
        assert second.cpu_percent is None or 0 <= second.cpu_percent <= 100
        assert 0 < (second.memory_percent or 0) < 100
        assert second.down == ()
        assert (second.database_ms or 0) > 0
        assert (second.cache_ms or 0) > 0

    def test_redis_counts_hits_and_misses(self) -> None:
        before = redis_lookups()
        caches["default"].set("probes", 1)
        for key in ("probes", "probes", "nothing of this name"):
            caches["default"].get(key)
        after = redis_lookups()

        assert before is not None
        assert after is not None
        assert after.hits - before.hits >= 2
        assert after.misses - before.misses >= 1

    def test_a_redis_that_is_away_is_down(self) -> None:
        elsewhere = {**configured.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
        with override_settings(CACHES={**configured.CACHES, "default": elsewhere}):
            seen = Prober().probe(START)
            counted = redis_lookups()

        assert (seen.down, seen.cache_hit_percent, counted) == (("cache",), None, None)

    def test_a_database_that_is_away_is_down_and_answers_again(self, database_is_away: Any) -> None:
        one = Prober()

        with database_is_away():
            away = one.probe(START)
        back = one.probe(START + timedelta(seconds=EVERY_S))

        assert (away.down, back.down) == (("database",), ())
        assert Kind.DATABASE in away.in_a_row


@pytest.mark.django_db
class TestTraffic:
    """All requests of the last five minutes."""

    def sample(self, seconds_ago: float, calls: int, duration_ms: float, **more: Any) -> None:
        fields = {"feature": "api_v4_users", "operation": "users.list", "arm": "control", "resolution_s": 1, **more}
        counted = ("eligible", "client_errors", "failures", "recovered", "breaker", "bulkhead", "lost")
        HealthSample.objects.create(
            at=START - timedelta(seconds=seconds_ago),
            calls=calls,
            total_ms=calls * duration_ms,
            buckets=[bucket(duration_ms)],
            counts=[calls],
            **{**dict.fromkeys(counted, 0), **fields},
        )

    def test_they_are_summed_over_arms_and_contracts(self) -> None:
        self.sample(1, 90, 10, failures=3)
        self.sample(200, 6, 2000, arm="candidate", failures=4, recovered=3)
        self.sample(299, 4, 10, arm="contract", operation="GET /api/v4/users", failures=1)

        found = traffic(START)

        assert (found.calls, found.failures, found.error_percent) == (100, 5, 5.0)
        assert 2000 <= found.p95_ms < 2400

    def test_what_is_older_or_summed_already_is_not_counted(self) -> None:
        self.sample(300, 100, 10, failures=100)
        self.sample(1, 100, 10, failures=100, resolution_s=60)

        assert traffic(START) == Traffic()


class Times(SimpleNamespace):
    """Processor times as psutil tells them."""

    @property
    def _fields(self) -> tuple[str, ...]:
        return tuple(vars(self))


def test_waiting_for_a_disk_is_idle_and_guests_are_not_counted_twice() -> None:
    before = Times(user=100, system=50, idle=800, iowait=50, guest=40, guest_nice=0)
    after = Times(user=120, system=60, idle=850, iowait=70, guest=55, guest_nice=0)

    assert busy_percent(before, after) == 30
    assert busy_percent(after, after) is None
