"""The certificate for COMPLETE: each condition met and not, and what the move makes of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollout.certificate import Certificate, Condition
from rollout.models import Alert, Flag
from rollout.moves import Selection
from rollout.services import CertificateMissing, RolloutService
from tests.rollout.control import TERMS, Clock, guard_ticked, judged, newest, sampled

pytestmark = pytest.mark.django_db

ROOT, USERS, CACHE = "api_v4_enabled", "api_v4_users", "api_v4_cache"
CONDITIONS = ["stage", "holdout", "quiet", "parity", "prerequisites", "guard"]


class House:
    """A service with its clock; everything that the users' feature needs for a certificate holds."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.service = RolloutService(self.clock)
        self.to_full(ROOT)
        self.service.complete(ROOT, force=True, **TERMS)
        self.to_full(USERS)
        self.service.set_holdout(0, USERS, **TERMS)
        self.turn(days=14)
        sampled(USERS, self.ago(days=3), calls=500)

    def to_full(self, name: str) -> None:
        self.service.start(name, **TERMS)
        while not str(Flag.objects.named(name).position).startswith("FULL"):
            self.service.advance(name, force=True, **TERMS)

    def turn(self, **forward: float) -> None:
        """Go forward, with a guard that finds nothing wrong."""
        self.clock.turn(**forward)
        guard_ticked(self.clock.now)
        judged(USERS, self.clock.now)

    def ago(self, **back: float) -> Any:
        return self.clock.now - timedelta(**back)

    def certificate(self, name: str = USERS) -> Certificate:
        return self.service.certificate(name)

    def condition(self, wanted: str, name: str = USERS) -> Condition:
        return next(one for one in self.certificate(name).conditions if one.name == wanted)

    def fault(self, opened: Any, resolved: Any, feature: str = "", name: str = "shared_fault") -> None:
        told = {"severity": "critical", "message": "x", "seen_at": opened, "opened_at": opened}
        Alert.objects.create(name=name, feature=feature, resolved_at=resolved, **told)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def lasting(settings: Any) -> Callable[..., None]:
    def lasting(**times: timedelta) -> None:
        settings.ROLLOUT = {**settings.ROLLOUT, "CERTIFICATE": {**settings.ROLLOUT["CERTIFICATE"], **times}}

    return lasting


def test_it_is_given_when_every_condition_is_met(house: House) -> None:
    shown = house.certificate()

    assert [one.name for one in shown.conditions if one.is_met] == CONDITIONS
    assert (shown.is_given, shown.complaint) == (True, "")


def test_every_condition_is_listed_also_what_is_not_met(house: House) -> None:
    house.service.rollback(USERS, **TERMS)

    shown = house.certificate()

    assert [one.name for one in shown.conditions] == CONDITIONS
    assert {one.name for one in shown.conditions if not one.is_met} == {"stage", "holdout", "quiet"}


def test_stage_only_full_can_be_completed(house: House) -> None:
    house.service.rollback(USERS, **TERMS)

    assert house.condition("stage") == Condition("stage", False, "It is DISABLED; only FULL can be completed.")


def test_holdout_has_to_be_zero(house: House) -> None:
    house.service.set_holdout(1, USERS, **TERMS)

    found = house.condition("holdout")

    assert (found.is_met, f"rollout holdout 0 {USERS}" in found.sentence) == (False, True)


@pytest.mark.parametrize(("hours", "is_met"), [(23, False), (24, True)])
def test_holdout_has_to_have_been_zero_for_24_hours(house: House, hours: int, is_met: bool) -> None:
    house.service.set_holdout(1, USERS, **TERMS)
    house.service.set_holdout(0, USERS, **TERMS)
    house.turn(hours=hours)
    house.service.pause(USERS, **TERMS)

    found = house.condition("holdout")

    assert (found.is_met, f"for {hours} h" in found.sentence) == (is_met, True)


def test_holdout_the_time_is_a_setting(house: House, lasting: Callable[..., None]) -> None:
    house.service.set_holdout(1, USERS, **TERMS)
    house.service.set_holdout(0, USERS, **TERMS)
    house.turn(seconds=5)

    lasting(WITHOUT_HOLDOUT=timedelta(seconds=5))

    assert house.condition("holdout").is_met


def test_reopened_it_need_not_wait_again_since_nobody_was_held_out(house: House) -> None:
    house.service.complete(USERS, **TERMS)
    house.service.reopen(USERS, **TERMS)
    judged(USERS, house.clock.now)

    assert house.certificate().is_given


@pytest.mark.parametrize("sums", [{"failures": 1, "recovered": 1}, {"breaker": 1}])
def test_quiet_one_call_of_v4_answered_by_v3_is_too_many(house: House, sums: dict[str, int]) -> None:
    sampled(USERS, house.ago(days=13), arm="candidate", calls=10, **sums)

    found = house.condition("quiet")

    assert (found.is_met, found.sentence) == (False, "v3 answered 1 of 510 calls of v4 in 14 days.")


@pytest.mark.parametrize(
    ("arm", "sums"),
    [("candidate", {"bulkhead": 9}), ("control", {"recovered": 9, "breaker": 9}), ("contract", {"failures": 9})],
)
def test_quiet_our_own_limits_the_holdout_and_the_v4_contract_do_not_count(
    house: House, arm: str, sums: dict[str, int]
) -> None:
    sampled(USERS, house.ago(days=1), arm=arm, calls=10, **sums)

    assert house.condition("quiet").is_met


def test_quiet_what_is_older_and_what_another_feature_did_do_not_count(house: House) -> None:
    sampled(USERS, house.ago(days=14, seconds=1), calls=10, recovered=1)
    sampled("api_v4_reviews", house.ago(days=1), calls=10, recovered=1)

    assert house.condition("quiet").is_met


def test_quiet_where_nobody_called_nothing_is_shown(house: House, lasting: Callable[..., None]) -> None:
    lasting(QUIET=timedelta(days=2))

    assert house.condition("quiet") == Condition("quiet", False, "Nobody called it in 2 days; that shows nothing.")


def test_quiet_it_has_to_have_been_full_all_the_time(house: House, lasting: Callable[..., None]) -> None:
    lasting(QUIET=timedelta(days=15))

    found = house.condition("quiet")

    assert (found.is_met, found.sentence) == (False, "It has been FULL for 14 days; 15 days are asked.")


@pytest.mark.parametrize(
    ("resolution_s", "minutes_ago", "is_met"), [(60, 91, False), (60, 90, True), (60, 60, True), (60, 58, False)]
)
def test_quiet_minutes_of_a_shared_fault_are_excepted(
    house: House, resolution_s: int, minutes_ago: int, is_met: bool
) -> None:
    house.fault(house.ago(minutes=90, seconds=-20), house.ago(minutes=60, seconds=-50))

    sampled(USERS, house.ago(minutes=minutes_ago), resolution_s=resolution_s, calls=10, recovered=3)

    found = house.condition("quiet")
    assert (found.is_met, "31 min of shared faults aside" in found.sentence) == (is_met, True)


def test_quiet_a_shared_fault_of_another_feature_excuses_nothing(house: House) -> None:
    house.fault(house.ago(minutes=90), None, feature="api_v4_reviews")
    sampled(USERS, house.ago(minutes=30), calls=10, recovered=3)

    assert not house.condition("quiet").is_met


def test_quiet_counts_a_call_once_by_the_minute_although_an_hour_holds_it_too(house: House) -> None:
    house.fault(house.ago(hours=10), house.ago(hours=9, minutes=50))
    sampled(USERS, house.ago(hours=9, minutes=55), calls=10, recovered=1)
    sampled(USERS, house.ago(hours=10, minutes=30), resolution_s=3600, calls=10, recovered=1)
    before = house.condition("quiet").is_met
    sampled(USERS, house.ago(hours=8), calls=10, recovered=1)

    assert (before, house.condition("quiet").is_met) == (True, False)


def test_parity_says_that_nothing_is_recorded_yet(house: House) -> None:
    found = house.condition("parity")

    assert (found.is_met, "not recorded yet" in found.sentence) == (True, True)


def test_prerequisites_have_to_be_complete(house: House) -> None:
    house.service.reopen(ROOT, **TERMS)

    found = house.condition("prerequisites")

    assert (found.is_met, f"rollout complete {ROOT}" in found.sentence) == (False, True)


@pytest.mark.parametrize(("verdict", "is_met"), [("hold", True), ("ready", True), ("rollback", False)])
def test_guard_its_verdict_is_no_rollback(house: House, verdict: str, is_met: bool) -> None:
    judged(USERS, house.clock.now, verdict=verdict)

    assert house.condition("guard").is_met is is_met


def test_guard_has_to_look(house: House) -> None:
    house.clock.turn(seconds=31)

    found = house.condition("guard")

    assert (found.is_met, "manage.py rollout_guard" in found.sentence) == (False, True)


@pytest.mark.parametrize(("name", "resolved", "is_met"), [("hard_fault", False, False), ("hard_fault", True, True)])
def test_guard_no_hard_fault_is_open(house: House, name: str, resolved: bool, is_met: bool) -> None:
    house.fault(house.ago(hours=2), house.ago(hours=1) if resolved else None, feature=USERS, name=name)

    assert house.condition("guard").is_met is is_met


def test_a_feature_without_switches_is_judged_on_those_that_stand_on_it(house: House) -> None:
    house.service.reopen(ROOT, **TERMS)
    before = house.condition("quiet", ROOT)
    sampled("api_v4_reviews", house.ago(hours=1), calls=1, breaker=1)

    assert (before.is_met, "of 500 calls" in before.sentence) == (True, True)
    assert not house.condition("quiet", ROOT).is_met


def test_a_toggle_needs_only_what_applies_to_it(house: House) -> None:
    house.to_full(CACHE)
    house.service.set_holdout(0, CACHE, **TERMS)
    house.turn(hours=24)

    shown = house.certificate(CACHE)

    told = {one.name: one.sentence for one in shown.conditions}
    assert (shown.is_given, shown.complaint) == (True, "")
    assert [told[name].startswith("It switches no operation") for name in ("quiet", "guard")] == [True, True]


def test_with_the_certificate_it_completes_and_the_ledger_holds_it(house: House) -> None:
    house.service.complete(USERS, **TERMS)

    kept = newest().details["certificate"]
    assert (kept["given"], [one["name"] for one in kept["conditions"]]) == (True, CONDITIONS)
    assert "notes" not in newest().details


def test_without_it_the_refusal_lists_what_is_not_met(house: House) -> None:
    sampled(USERS, house.ago(days=1), calls=10, breaker=4)
    house.fault(house.ago(hours=2), None, feature=USERS, name="hard_fault")

    with pytest.raises(CertificateMissing) as refusal:
        house.service.complete(USERS, **TERMS)

    assert "v3 answered 4 of 510 calls" in refusal.value.message
    assert "hard_fault" in refusal.value.message
    assert "FULL" not in refusal.value.message


def test_forced_the_ledger_says_which_conditions_were_not_met(house: House) -> None:
    sampled(USERS, house.ago(days=1), calls=10, breaker=4)

    house.service.complete(USERS, force=True, **TERMS)

    unmet = [one["name"] for one in newest().details["certificate"]["conditions"] if not one["met"]]
    assert unmet == ["quiet"]
    assert newest().details["notes"] == ["forced without the certificate: v3 answered 4 of 510 calls of v4 in 14 days."]


def test_completed_together_the_prerequisite_counts_as_it_will_stand(house: House) -> None:
    house.service.reopen(ROOT, **TERMS)
    judged(ROOT, house.clock.now)

    house.service.complete(Selection((USERS, ROOT)), **TERMS)

    assert {str(Flag.objects.named(name).position) for name in (ROOT, USERS)} == {"COMPLETE"}


def test_it_takes_a_fixed_number_of_queries(house: House) -> None:
    with CaptureQueriesContext(connection) as few:
        house.certificate()
    for minutes in range(1, 40):
        sampled(USERS, house.ago(minutes=minutes), calls=3)
        house.fault(house.ago(minutes=2 * minutes), house.ago(minutes=2 * minutes - 1))

    with CaptureQueriesContext(connection) as many:
        house.certificate()

    assert len(few) == len(many) <= 10
