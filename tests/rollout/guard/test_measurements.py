"""What is measured, when processes begin, and that memory is what the tables hold: on real rows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from django.conf import settings

from rollout.guard import Evaluator, inbox, measurements
from rollout.guard.evaluator import LEASE
from rollout.models import (
    Failure,
    FailureReport,
    Flag,
    Measurement,
    Sighting,
    SightingReport,
    Step,
    Worker,
)
from rollout.people import is_sampled
from rollout.services import RolloutService
from rollout.slots import threshold
from tests.rollout.control import TERMS
from tests.rollout.guard.history import Second, store
from tests.rollout.guard.traffic import FEATURE, OPERATION, Guarded, devices, under_way

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROOT, OTHER = "api_v4_enabled", "api_v4_reviews"

pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded() -> Guarded:
    return under_way(NOW, ROOT, FEATURE)


def measured(name: str = FEATURE) -> Measurement:
    return Measurement.objects.get(flag__name=name)


def kinds(name: str = FEATURE) -> list[str]:
    return [change["kind"] for change in measured(name).changes]


def schedule(guarded: Guarded, name: str = FEATURE) -> list[tuple[int, float]]:
    """Return the epochs of the processes with their weights."""
    flag = Flag.objects.get(name=name)
    began = flag.started_at
    assert began is not None
    return [(one.epoch, one.weight) for one in measurements.schedule_of(measured(name), began, guarded.now)]


def service(guarded: Guarded) -> RolloutService:
    return RolloutService(lambda: guarded.now)


def report(name: str, guarded: Guarded, *, attempt: int = 1, who: str = "u:1", **more: Any) -> None:
    """Store a failure as a worker would have delivered it."""
    given = {"operation": OPERATION, "metric": "failures", "arm": "candidate", "share": 0.1} | more
    FailureReport.objects.create(at=guarded.now, feature=name, attempt=attempt, identity=who, **given)


# The attempt, and what begins a process


def test_an_attempt_begins_with_its_operations_its_share_and_what_the_step_allows(guarded: Guarded) -> None:
    found = measured()

    assert found.attempt == 1
    assert OPERATION in found.operations
    assert (found.share, found.p95_ms, found.sample_bits) == (0.1, 1000, 0)
    assert found.changes == [{"at": NOW.isoformat(), "kind": "start", "value": 0.1, "limit": 0.05}]
    assert schedule(guarded) == [(0, 0.5)]


def test_a_look_that_finds_nothing_new_writes_no_measurement(guarded: Guarded) -> None:
    before = Flag.objects.get(name=FEATURE).version, kinds(), guarded.evaluator.tick(guarded.now + LEASE).at

    guarded.tick(seconds=30)

    assert (Flag.objects.get(name=FEATURE).version, kinds()) == before[:2]


def test_another_share_begins_one_process_and_brings_its_limit(guarded: Guarded) -> None:
    guarded.now += timedelta(minutes=10)
    service(guarded).set_percentage(25, [ROOT, FEATURE], force=True, **TERMS)

    for _ in range(3):
        guarded.tick()

    assert kinds() == ["start", "share"]
    assert schedule(guarded) == [(0, 0.5), (10, 1 / 8)]
    began = Flag.objects.get(name=FEATURE).started_at
    assert began is not None
    assert measurements.limits_of(measured(), began) == [(0, 0.05), (10, 0.03)]


def test_a_wider_step_under_the_same_effective_share_brings_its_own_limit(guarded: Guarded) -> None:
    guarded.now += timedelta(minutes=10)
    service(guarded).set_percentage(25, FEATURE, force=True, **TERMS)

    guarded.tick()
    guarded.tick()

    assert measured().share == 0.1
    assert measured().p95_ms == 800
    assert [(change["kind"], change.get("limit")) for change in measured().changes] == [("start", 0.05), ("step", 0.03)]


def test_a_limit_that_is_edited_in_the_plan_holds_from_the_next_look_on(guarded: Guarded) -> None:
    guarded.now += timedelta(minutes=10)
    Step.objects.filter(flag__name=FEATURE, percentage=10).update(max_error_percent=Decimal("0.5"))

    looked = guarded.tick()

    (desk,) = [one.desk for one in looked.opinions if one.desk.name == FEATURE]
    assert desk.limits == [(0, 0.05), (10, 0.005)]


def test_another_release_begins_a_process_and_the_first_that_is_heard_of_does_not(guarded: Guarded) -> None:
    Measurement.objects.update(release="")
    Worker.objects.update(release="one", seen_at=NOW + timedelta(days=1))
    guarded.now += timedelta(minutes=5)
    guarded.evaluator.tick(guarded.now)
    assert (kinds(), measured().release) == (["start"], "one")

    Worker.objects.update(release="two", seen_at=NOW + timedelta(days=1))
    for minute in (6, 7):
        guarded.evaluator.tick(NOW + timedelta(minutes=minute))

    assert (kinds(), measured().release) == (["start", "release"], "two")


def test_the_release_is_that_of_the_live_worker_that_started_last(guarded: Guarded) -> None:
    Measurement.objects.update(release="one")
    Worker.objects.update(release="one", seen_at=NOW + timedelta(days=1), started_at=NOW)
    for release, started, seen in (("dead", 9, 0), ("two", 5, 3600)):
        Worker.objects.create(
            host="web",
            pid=started,
            release=release,
            started_at=NOW + timedelta(seconds=started),
            seen_at=NOW + timedelta(seconds=seen),
            version=0,
            applied_at=NOW,
        )

    guarded.evaluator.tick(NOW + timedelta(minutes=2))

    assert measured().release == "two"


def test_changes_in_the_same_minute_are_one_process_with_both_weights(guarded: Guarded) -> None:
    guarded.now += timedelta(minutes=10)
    for percentage in (20, 30):
        service(guarded).set_percentage(percentage, [ROOT, FEATURE], force=True, **TERMS)
        guarded.tick()

    assert schedule(guarded) == [(0, 0.5), (10, 1 / 8 + 1 / 24)]


def test_every_full_hour_begins_a_process(guarded: Guarded) -> None:
    guarded.tick(hours=2, minutes=30)

    assert [epoch for epoch, _ in schedule(guarded)] == [0, 60, 120]


def test_a_new_attempt_begins_from_nothing(guarded: Guarded) -> None:
    guarded.now += timedelta(minutes=10)
    service(guarded).rollback(FEATURE, **TERMS)
    guarded.tick()
    service(guarded).start(FEATURE, **TERMS)
    guarded.tick()

    assert measured().attempt == 2
    assert kinds() == ["start"]
    assert measured().share == 0


# The limits of slowness


def habit(guarded: Guarded, calls: int, duration_ms: float, arm: str = "control") -> None:
    at = guarded.now.replace(microsecond=0)
    store([Second(at, FEATURE, OPERATION, arm, calls, duration_ms=duration_ms)])


def test_v3s_own_p99_is_frozen_once_it_has_had_a_hundred_calls(guarded: Guarded) -> None:
    habit(guarded, 99, 400.0)
    guarded.tick(minutes=2)
    assert measured().slow_ms == {}

    habit(guarded, 1, 400.0)
    habit(guarded, 500, 3000.0, "candidate")
    guarded.tick(minutes=2)
    frozen = measured().slow_ms
    assert 400 <= frozen[OPERATION] <= 400 * 1.19
    assert kinds() == ["start", "limit"]

    habit(guarded, 900, 4000.0)
    guarded.tick(minutes=2)
    assert (measured().slow_ms, kinds()) == (frozen, ["start", "limit"])


def test_below_a_tenth_of_a_second_nothing_is_slow(guarded: Guarded) -> None:
    habit(guarded, 100, 2.0)

    guarded.tick(minutes=2)

    assert measured().slow_ms == {OPERATION: settings.ROLLOUT["SLOW_FLOOR_MS"]}


def test_a_new_step_freezes_anew_and_keeps_what_v3_cannot_tell_now(guarded: Guarded) -> None:
    habit(guarded, 100, 400.0)
    guarded.tick(minutes=2)
    first = measured().slow_ms[OPERATION]

    guarded.now += timedelta(hours=2)
    service(guarded).set_percentage(20, [ROOT, FEATURE], force=True, **TERMS)
    guarded.tick()
    assert measured().slow_ms == {OPERATION: first}

    habit(guarded, 100, 900.0)
    guarded.now += timedelta(seconds=1)
    service(guarded).set_percentage(30, [ROOT, FEATURE], force=True, **TERMS)
    guarded.tick()
    assert measured().slow_ms[OPERATION] > 2 * first


def test_a_guard_that_never_looks_at_the_full_minute_asks_v3_too(guarded: Guarded) -> None:
    habit(guarded, 100, 400.0)

    Evaluator().tick(guarded.now + timedelta(minutes=4, seconds=2))

    assert OPERATION in measured().slow_ms


def test_what_v3_could_not_tell_is_asked_again_once_a_minute(guarded: Guarded) -> None:
    guarded.tick(minutes=1)
    habit(guarded, 100, 400.0)

    guarded.tick(seconds=30)
    assert measured().slow_ms == {}

    guarded.tick(seconds=31)
    assert OPERATION in measured().slow_ms


# What workers report


def test_a_late_report_of_an_older_attempt_is_dropped(guarded: Guarded) -> None:
    guarded.now += timedelta(minutes=10)
    service(guarded).rollback(FEATURE, **TERMS)
    service(guarded).start(FEATURE, **TERMS)
    service(guarded).set_percentage(10, FEATURE, force=True, **TERMS)
    report(FEATURE, guarded, attempt=1)

    guarded.tick()

    assert not FailureReport.objects.exists()
    assert not Failure.objects.exists()


def test_a_report_for_a_feature_that_was_rolled_back_meanwhile_is_dropped(guarded: Guarded) -> None:
    report(FEATURE, guarded)
    SightingReport.objects.create(at=guarded.now, feature=FEATURE, attempt=1, identity="u:1", arm="control", share=0.1)
    service(guarded).rollback(FEATURE, **TERMS)

    guarded.tick()

    assert not FailureReport.objects.exists()
    assert not Failure.objects.exists()
    assert not Sighting.objects.exists()


def test_a_report_counts_for_the_feature_and_for_what_it_stands_on(guarded: Guarded) -> None:
    report(FEATURE, guarded)

    guarded.tick()

    assert set(Failure.objects.values_list("feature", flat=True)) == {FEATURE, ROOT}


def test_more_reports_than_one_look_takes_in_are_left_to_the_next_oldest_first(guarded: Guarded) -> None:
    for number in range(12):
        report(FEATURE, guarded, who=f"u:{number}")
        seen = {"feature": FEATURE, "attempt": 1, "identity": f"u:{number}", "arm": "control", "share": 0.1}
        SightingReport.objects.create(at=guarded.now, **seen)

    first, second = inbox.reports(most=10), inbox.reports(most=10)

    assert {one.identity for one in first} == {f"u:{number}" for number in range(10)}
    assert {one.identity for one in second} == {"u:10", "u:11"}
    assert (len(first), len(second), inbox.reports()) == (20, 4, [])


# Suspicions about the share


def test_the_slot_of_every_percentage_is_recomputed_exactly_from_the_share_that_was_recorded() -> None:
    for grains in range(1, 10_000):
        percentage = Decimal(grains) / 100
        assert inbox._edge(float(percentage) / 100) == threshold(percentage)


# Sampling


def test_beyond_the_bound_a_fixed_sample_of_the_people_stands_for_all() -> None:
    guarded = under_way(NOW, ROOT, FEATURE)
    guarded.evaluator = Evaluator(most_sightings=100)
    guarded.now += LEASE
    guarded.serve(islice(devices(), 400))
    guarded.tick()
    guarded.tick()
    looked = guarded.tick()

    (desk,) = [one.desk for one in looked.opinions if one.desk.name == FEATURE]
    bits = measured().sample_bits
    assert bits == 2
    assert desk.attempt.rows == Sighting.objects.filter(feature=FEATURE).count() <= 100 + 20
    people = Sighting.objects.filter(feature=FEATURE).values_list("person", flat=True)
    assert all(is_sampled(person, bits) for person in people)
    assert 240 <= sum(desk.attempt.people.values()) <= 560

    guarded.serve(islice(devices(), 400))
    guarded.tick()
    assert Sighting.objects.filter(feature=FEATURE).count() == desk.attempt.rows
