"""Widening by hand against the guard: what is refused, what is not, and what the ledger says."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout.criteria import CriterionUnmet, GuardStalled
from rollout.models import Flag
from rollout.moves import Actor, Result, Selection
from rollout.services import RolloutService
from tests.rollout.control import TERMS, Clock, guard_ticked, judged, newest

pytestmark = pytest.mark.django_db

ROOT, USERS = "api_v4_enabled", "api_v4_users"
ALL = Selection(everything=True)
AGAINST = ("sample_ratio", "parity", "shared_fault", "high_error_rate", "slow_request")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(clock: Clock) -> RolloutService:
    """A service whose features stand at 10 %, watched by a guard."""
    service = RolloutService(clock)
    service.start(ALL, **TERMS)
    service.set_percentage(10, ALL, **TERMS)
    guard_ticked(clock.now)
    return service


def where(name: str = USERS) -> str:
    return str(Flag.objects.named(name).position)


@pytest.mark.parametrize("reason", AGAINST)
def test_the_guards_reason_refuses_a_wider_step(service: RolloutService, clock: Clock, reason: str) -> None:
    judged(USERS, clock.now, reason, sentence="Forty of fifty fail.")

    with pytest.raises(CriterionUnmet, match=r"Forty of fifty fail\.") as refusal:
        service.advance(USERS, **TERMS)

    assert (where(), reason in refusal.value.message, refusal.value.status) == ("PARTIAL 10 %", True, 409)
    assert "--force" in str(refusal.value.hint)


def test_a_verdict_of_rollback_refuses_it_too(service: RolloutService, clock: Clock) -> None:
    judged(USERS, clock.now, "regressed", verdict="rollback")

    with pytest.raises(CriterionUnmet):
        service.set_percentage(20, USERS, **TERMS)


@pytest.mark.parametrize("reason", ["not_enough_evidence", "no_data", "first_look", "proven", "saturated"])
def test_a_reason_only_to_wait_refuses_nothing(service: RolloutService, clock: Clock, reason: str) -> None:
    judged(USERS, clock.now, reason, evidence=3.25)

    service.advance(USERS, **TERMS)

    told = {"evidence": f"{reason}, E = 3.25 of 100", "parity": "not recorded yet, counts as satisfied"}
    assert (where(), newest().details["criteria"]) == ("PARTIAL 25 %", told)


def test_an_opinion_of_another_attempt_refuses_nothing(service: RolloutService, clock: Clock) -> None:
    judged(USERS, clock.now, "sample_ratio", attempt=7)

    service.advance(USERS, **TERMS)

    assert newest().details["criteria"]["evidence"] == "the guard has not judged this attempt within 30 s"


def test_an_opinion_is_one_for_thirty_seconds(service: RolloutService, clock: Clock) -> None:
    judged(USERS, clock.now, "sample_ratio")
    clock.turn(seconds=30)
    guard_ticked(clock.now)

    with pytest.raises(CriterionUnmet):
        service.advance(USERS, **TERMS)
    clock.turn(seconds=1)
    service.advance(USERS, **TERMS)

    assert where() == "PARTIAL 25 %"


def test_forced_it_widens_and_the_ledger_says_against_what(service: RolloutService, clock: Clock) -> None:
    judged(USERS, clock.now, "sample_ratio")

    service.advance(USERS, force=True, **TERMS)

    assert (where(), newest().details["forced"]) == ("PARTIAL 25 %", True)
    assert newest().details["notes"][0].startswith("forced although: The guard holds it (sample_ratio)")


def test_what_narrows_pauses_or_rolls_back_is_never_gated(service: RolloutService, clock: Clock) -> None:
    judged(USERS, clock.now, "sample_ratio")
    clock.turn(minutes=10)
    judged(USERS, clock.now, "sample_ratio")

    reports = [
        service.set_percentage(5, USERS, **TERMS),
        service.pause(USERS, **TERMS),
        service.resume(USERS, **TERMS),
        service.rollback(USERS, **TERMS),
    ]

    assert [report.outcomes[0].result for report in reports] == [Result.MOVED] * 4


def test_a_smaller_holdout_widens_and_a_larger_does_not(service: RolloutService, clock: Clock) -> None:
    for _ in range(3):
        service.advance(USERS, **TERMS)
    judged(USERS, clock.now, "high_error_rate")

    service.set_holdout(20, USERS, **TERMS)
    with pytest.raises(CriterionUnmet):
        service.set_holdout(1, USERS, **TERMS)

    assert where() == "FULL less 20 % holdout"


def test_a_guard_that_has_not_ticked_for_thirty_seconds_blocks_widening(service: RolloutService, clock: Clock) -> None:
    clock.turn(seconds=30)
    service.set_percentage(11, USERS, **TERMS)
    clock.turn(seconds=1)

    with pytest.raises(GuardStalled) as refusal:
        service.advance(USERS, **TERMS)

    assert (where(), refusal.value.code) == ("PARTIAL 11 %", "guard_stalled")
    assert "manage.py rollout_guard" in str(refusal.value.hint)


def test_a_new_attempt_may_begin_without_a_guard(service: RolloutService, clock: Clock) -> None:
    service.rollback(USERS, **TERMS)
    clock.turn(minutes=5)

    service.start(USERS, **TERMS)

    assert where() == "TESTING"


def test_the_guards_own_moves_are_not_asked_and_not_forced(service: RolloutService, clock: Clock) -> None:
    judged(USERS, clock.now, "shared_fault")

    service.advance(USERS, actor=Actor("guard"), reason="proven")

    assert (where(), "forced" in newest().details) == ("PARTIAL 25 %", False)


def test_where_no_guard_ever_ticked_widening_is_allowed_and_noted(clock: Clock) -> None:
    service = RolloutService(clock)
    service.start(ROOT, **TERMS)

    report = service.advance(ROOT, **TERMS)

    assert report.outcomes[0].notes == ("no guard watches here: nothing is rolled back automatically",)
    assert newest().details["criteria"]["evidence"] == "no guard watches here, counts as satisfied"


def test_the_guard_is_asked_once_however_many_features_move(service: RolloutService) -> None:
    with CaptureQueriesContext(connection) as seen:
        service.advance(ALL, **TERMS)

    asked = [one["sql"] for one in seen if "rollout_judgement" in one["sql"] or "rollout_guard" in one["sql"]]
    assert len(asked) == 2
