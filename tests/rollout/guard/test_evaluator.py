"""The guard from end to end on real tables: what workers deliver and what it concludes, by the truth table."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout import pulse, snapshot
from rollout.eligibility import Arm
from rollout.guard import Evaluator
from rollout.guard.judging import Opinion
from rollout.identity import Identity
from rollout.models import (
    Alert,
    Failure,
    FailureReport,
    Flag,
    Guard,
    Judgement,
    Look,
    Sighting,
    SightingReport,
    StageChange,
    Worker,
)
from rollout.services import RolloutService
from rollout.slots import Cohort, threshold
from rollout.stages import Stage
from tests.rollout.control import TERMS
from tests.rollout.guard.history import Second, store
from tests.rollout.guard.traffic import FEATURE, OPERATION, Guarded, devices, under_way

NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
ROOT, OTHER = "api_v4_enabled", "api_v4_reviews"

pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded() -> Guarded:
    """Everything at 10 %, a worker that knows it, and a guard that has had its first look."""
    return under_way(NOW)


def stage_of(name: str) -> str:
    return Flag.objects.get(name=name).stage


def concluded(guarded: Guarded, name: str = FEATURE, **forward: float) -> Opinion:
    """Return what the next look thinks of a feature."""
    (found,) = [one for one in guarded.tick(**forward).opinions if one.desk.name == name]
    return found


def verdict(one: Opinion) -> tuple[str, str]:
    return one.word, one.verdict.reason.value


def everybody(count: int, start: int = 0) -> Iterator[tuple[Identity, Arm]]:
    """Yield devices as they come, with their arm."""
    for who in islice(devices(), start, start + count):
        yield who, snapshot.current().decide(FEATURE, who).arm


def workers(count: int, **columns: Any) -> None:
    for number in range(count):
        Worker.objects.create(
            **{"id": uuid4(), "host": "web", "pid": number, "version": 0, "started_at": NOW, "applied_at": NOW}
            | columns
        )


# The truth table, from the top


def test_the_first_look_decides_nothing_however_bad_it_is(guarded: Guarded) -> None:
    Guard.objects.all().delete()
    guarded.evaluator = Evaluator()
    guarded.serve(islice(devices(Arm.CANDIDATE), 30), failed=True)

    assert verdict(concluded(guarded)) == ("hold", "first_look")
    assert verdict(concluded(guarded)) == ("rollback", "regressed")


def test_a_guard_that_was_away_for_over_five_minutes_looks_first(guarded: Guarded) -> None:
    guarded.serve(islice(devices(Arm.CANDIDATE), 30), failed=True)

    assert verdict(concluded(guarded, minutes=6)) == ("hold", "first_look")


def test_without_any_worker_there_is_no_data(guarded: Guarded) -> None:
    Worker.objects.all().delete()

    found = guarded.evaluator.tick(guarded.now + timedelta(seconds=1)).opinions

    assert {verdict(one) for one in found} == {("hold", "no_data")}
    assert "No worker has reported anything yet." in {one.verdict.sentence for one in found}


def test_without_a_call_on_v4_there_is_no_data(guarded: Guarded) -> None:
    guarded.serve(islice(devices(Arm.CONTROL), 30), failed=True)

    assert verdict(concluded(guarded)) == ("hold", "no_data")


def test_workers_that_fell_silent_are_stale_data_and_nothing_is_rolled_back_on_it(guarded: Guarded) -> None:
    guarded.serve(islice(devices(Arm.CANDIDATE), 30), failed=True)
    guarded.now += timedelta(seconds=1)
    pulse.beat(guarded.now)

    (found,) = [
        one for one in guarded.evaluator.tick(guarded.now + timedelta(seconds=11)).opinions if one.desk.name == FEATURE
    ]

    assert verdict(found) == ("hold", "stale_data")
    assert "11 s old" in found.verdict.sentence
    assert stage_of(FEATURE) == Stage.PARTIAL


def test_both_engines_failing_is_a_shared_fault_and_nobody_goes_back(guarded: Guarded) -> None:
    guarded.serve((who for who, _ in everybody(300)), failed=True)

    found = concluded(guarded)

    assert verdict(found) == ("hold", "shared_fault")
    assert [alert.value for alert in found.verdict.alerts] == ["shared_fault"]
    assert stage_of(FEATURE) == Stage.PARTIAL


def test_a_database_or_cache_that_does_not_answer_is_a_shared_fault(guarded: Guarded) -> None:
    guarded.serve(who for who, _ in everybody(100))
    guarded.now += timedelta(seconds=1)
    pulse.beat(guarded.now)

    (found,) = [one for one in guarded.evaluator.tick(guarded.now, ("cache",)).opinions if one.desk.name == FEATURE]

    assert verdict(found) == ("hold", "shared_fault")
    assert "cache" in found.verdict.sentence


@pytest.mark.parametrize(("has_open", "others", "expected"), [(1, 1, "rollback"), (1, 2, "hold"), (2, 1, "rollback")])
def test_open_breakers_on_half_of_the_live_workers_are_a_hard_fault(
    guarded: Guarded, has_open: int, others: int, expected: str
) -> None:
    guarded.serve(who for who, _ in everybody(100))
    Worker.objects.all().delete()
    workers(has_open, breakers=[OPERATION], seen_at=NOW + timedelta(hours=1))
    workers(others - 1, seen_at=NOW + timedelta(hours=1))
    workers(5, breakers=[OPERATION], seen_at=NOW - timedelta(seconds=30))

    found = concluded(guarded)  # the test's own worker beats too

    assert found.word == expected
    assert stage_of(FEATURE) == (Stage.DISABLED if expected == "rollback" else Stage.PARTIAL)
    assert stage_of(OTHER) == Stage.PARTIAL
    told = set(Alert.objects.values_list("name", "feature"))
    assert told == ({("hard_fault", FEATURE)} if expected == "rollback" else set())  # nobody else went back


def test_five_people_who_fail_on_v4_alone_end_the_rollout_of_that_domain_and_its_toggles(guarded: Guarded) -> None:
    guarded.serve(islice(devices(Arm.CONTROL), 200))
    guarded.serve(islice(devices(Arm.CANDIDATE), 20))
    assert verdict(concluded(guarded)) == ("hold", "not_enough_evidence")

    guarded.serve(islice(devices(Arm.CANDIDATE), 10), failed=True)
    ticked = guarded.tick()

    assert stage_of(FEATURE) == Stage.DISABLED
    assert stage_of("api_v4_cache") == Stage.DISABLED
    assert stage_of(OTHER) == Stage.PARTIAL
    line = StageChange.objects.get(feature=FEATURE, move="rollback")
    assert line.actor == "guard"
    assert line.evidence["reason"] == "regressed"
    assert [one["operation"] for one in line.evidence["evidence"]["culprits"]] == [None, OPERATION]
    assert ticked.moves
    assert Judgement.objects.get(flag__name=FEATURE).verdict == "rollback"


def test_people_who_wait_on_v4_alone_end_it_too(guarded: Guarded) -> None:
    store([Second(NOW, FEATURE, OPERATION, "control", 200, duration_ms=50.0)])
    guarded.tick(minutes=2)
    pulse.beat(guarded.now)
    guarded.serve(islice(devices(Arm.CONTROL), 200), duration_ms=50.0)
    guarded.serve(islice(devices(Arm.CANDIDATE), 20), duration_ms=400.0)

    found = concluded(guarded)

    assert verdict(found) == ("rollback", "regressed")
    assert found.evidence.regression.strongest is not None
    assert found.evidence.regression.strongest.metric.value == "slow"


def test_one_client_that_fails_and_fails_is_held_and_alarmed_on_and_never_rolled_back(guarded: Guarded) -> None:
    guarded.serve(who for who, _ in everybody(300))
    (one,) = islice(devices(Arm.CANDIDATE), 1)
    guarded.serve(islice(cycle([one]), 50), failed=True)

    found = concluded(guarded)

    assert verdict(found) == ("hold", "high_error_rate")
    assert [alert.value for alert in found.verdict.alerts] == ["high_error_rate"]
    assert Failure.objects.filter(feature=FEATURE).count() == 1


def test_a_slow_v4_at_present_is_held_and_alarmed_on(guarded: Guarded) -> None:
    guarded.serve(who for who, _ in everybody(300))
    (one,) = islice(devices(Arm.CANDIDATE), 1)
    guarded.serve(islice(cycle([one]), 50), duration_ms=1500.0)

    assert verdict(concluded(guarded)) == ("hold", "slow_request")


@pytest.mark.parametrize(("slot_is_in", "arm"), [(True, "control"), (False, "candidate")])
def test_somebody_on_another_arm_than_that_of_their_slot_is_named(guarded: Guarded, slot_is_in: bool, arm: str) -> None:
    guarded.serve(who for who, _ in everybody(100))
    wrong = next(who.key for who in devices(Arm.CANDIDATE if slot_is_in else Arm.CONTROL))
    SightingReport.objects.create(at=guarded.now, feature=OTHER, attempt=1, identity=wrong, arm=arm, share=0.1)
    store([Second(guarded.now, OTHER, "reviews.list", "candidate", 5)])

    found = concluded(guarded, OTHER)

    assert verdict(found) == ("hold", "sample_ratio")
    assert wrong in found.verdict.sentence


def test_arms_that_do_not_divide_by_the_share_are_noticed(guarded: Guarded) -> None:
    guarded.serve(islice(devices(Arm.CANDIDATE), 60))
    guarded.serve(islice(devices(Arm.CONTROL), 100))

    assert verdict(concluded(guarded)) == ("hold", "sample_ratio")


def test_whom_the_prerequisite_keeps_out_is_on_the_arm_of_the_effective_share(guarded: Guarded) -> None:
    RolloutService(lambda: guarded.now).set_percentage(50, FEATURE, **TERMS)
    guarded.tick()

    guarded.serve(who for who, _ in everybody(300))
    found = concluded(guarded)

    assert found.evidence.sample_ratio.misplaced == ()
    assert found.desk.measurement.share == 0.1
    assert found.evidence.sample_ratio.candidate + found.evidence.sample_ratio.control == 300


def test_a_feature_of_another_cohort_than_its_prerequisite_is_judged_by_its_own_slots() -> None:
    Flag.objects.filter(name=FEATURE).update(cohort="another")
    guarded = under_way(NOW)

    guarded.serve(who for who, _ in everybody(2000))
    ticked = guarded.tick()

    assert [one.evidence.sample_ratio.misplaced for one in ticked.opinions] == [()] * 5
    own = Cohort("a secret for tests only, which is long enough", "another")
    assert all(
        own.slot(row.identity) < threshold(Flag.objects.get(name=FEATURE).percentage)
        for row in Failure.objects.filter(arm="candidate")
    )


def test_testing_is_watched_and_left_by_hand() -> None:
    guarded = under_way(NOW)
    service = RolloutService(lambda: guarded.now)
    service.rollback(FEATURE, **TERMS)
    service.start(FEATURE, **TERMS)
    store([Second(guarded.now, FEATURE, OPERATION, "candidate", 5)])

    assert verdict(concluded(guarded, days=2)) == ("hold", "first_look")
    store([Second(guarded.now, FEATURE, OPERATION, "candidate", 5)])
    assert verdict(concluded(guarded)) == ("ready", "testers_only")


def test_with_nothing_wrong_it_says_what_is_missing(guarded: Guarded) -> None:
    guarded.serve(who for who, _ in everybody(100))

    found = concluded(guarded)

    assert verdict(found) == ("hold", "not_enough_evidence")
    assert "of the dwell" in found.verdict.sentence


# What a look leaves behind


def test_what_was_reported_is_taken_in_once(guarded: Guarded) -> None:
    people = list(islice(devices(Arm.CANDIDATE), 2))
    guarded.serve(people, failed=True)
    guarded.serve(people, failed=True)

    guarded.tick()
    guarded.serve(people, failed=True)
    guarded.tick()

    assert not FailureReport.objects.exists()
    assert not SightingReport.objects.exists()
    assert Failure.objects.filter(feature=FEATURE).count() == 2
    assert Sighting.objects.filter(feature=FEATURE).count() == 2


def test_the_first_look_of_a_minute_and_each_change_of_mind_are_kept(guarded: Guarded) -> None:
    start = Look.objects.filter(feature=FEATURE).count()
    guarded.now = guarded.now.replace(second=10) + timedelta(minutes=1)
    for _ in range(4):
        guarded.tick()
    guarded.serve(who for who, _ in everybody(100))
    guarded.tick()
    guarded.tick()
    guarded.tick(minutes=1)

    kept = Look.objects.filter(feature=FEATURE).order_by("id").values_list("reason", flat=True)[start:]
    assert list(kept) == ["no_data", "not_enough_evidence", "not_enough_evidence"]


def test_a_guard_that_stands_by_keeps_no_house(guarded: Guarded) -> None:
    other = Evaluator()

    stands_by = other.tick(guarded.now + timedelta(seconds=1))

    assert not stands_by.leads
    assert not other.keep_house(guarded.now + timedelta(minutes=5))
    assert guarded.evaluator.keep_house(guarded.now + timedelta(minutes=5))


def test_a_quiet_look_asks_few_queries_however_many_features_there_are(guarded: Guarded) -> None:
    guarded.serve(who for who, _ in everybody(50))
    guarded.tick(minutes=1)
    guarded.now += timedelta(seconds=1)
    pulse.beat(guarded.now)

    with CaptureQueriesContext(connection) as asked:
        looked = guarded.evaluator.tick(guarded.now)

    assert len(looked.opinions) == 5
    assert len(asked) <= 30


def test_the_counters_add_up_to_the_calls_that_there_were(guarded: Guarded) -> None:
    made = dict.fromkeys(Arm, 0)
    for number in range(6):
        for who, arm in everybody(50, start=20 * number):
            guarded.serve([who], failed=arm is Arm.CANDIDATE and number == 0 and made[arm] < 2)
            made[arm] += 1
        found = concluded(guarded, seconds=37)

    assert {arm: found.document["window"][arm.value]["calls"] for arm in Arm} == made
    assert {arm: found.document["window"][arm.value]["calls_in_step"] for arm in Arm} == made
    assert found.document["window"]["candidate"]["failures"] == 2
