"""Every legal move through the one machine that makes them, and everything that it refuses."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, connections, transaction

from rollout import snapshot
from rollout.drills import DrillsOff, Fault, InvalidDrill
from rollout.models import Drill, Flag, Override, StageChange
from rollout.moves import Actor, MovesRefused, NothingNamed, ReasonRequired, Result, Selection
from rollout.propagation import control_version
from rollout.repositories import UnknownFeature
from rollout.services import CertificateMissing, RolloutService, SuperuserRequired
from rollout.stages import IllegalMove, InvalidPercentage
from rollout.targeting import InvalidIdentity, UnknownTester
from rollout.transitions import Busy, PrerequisiteDisabled, StaleVersion
from tests.rollout.control import START, TERMS, Clock, guard_ticked, newest

ALL = Selection(everything=True)
ROOT, REVIEWS, USERS = "api_v4_enabled", "api_v4_reviews", "api_v4_users"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(db: None, clock: Clock) -> RolloutService:
    return RolloutService(clock)


@pytest.fixture
def at_ten(service: RolloutService) -> RolloutService:
    """All features at PARTIAL 10 %."""
    service.start(ALL, **TERMS)
    service.set_percentage(10, ALL, **TERMS)
    return service


def at_full(service: RolloutService, *names: str) -> None:
    service.start(names, **TERMS)
    while str(Flag.objects.named(names[0]).position)[:4] != "FULL":
        service.advance(names, **TERMS)


def where(name: str) -> str:
    return str(Flag.objects.named(name).position)


def results(report: Any) -> dict[str, Result]:
    return {outcome.feature: outcome.result for outcome in report.outcomes}


class TestMoves:
    """What each move does, and its line in the ledger."""

    def test_start_begins_an_attempt(self, service: RolloutService) -> None:
        report = service.start(ROOT, **TERMS)

        flag = Flag.objects.named(ROOT)
        assert (where(ROOT), flag.attempt, flag.started_at, flag.version) == ("TESTING", 1, START, 1)
        assert results(report) == {ROOT: Result.MOVED}

    def test_a_line_says_who_what_from_to_why_and_when(self, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)

        line = StageChange.objects.get()
        assert (line.feature, line.move, line.actor, line.reason) == (ROOT, "start", "cli:dana", "a test")
        assert (str(line.before), str(line.after)) == ("DISABLED", "TESTING")
        assert (line.at, line.attempt, line.flag_version, line.request_id) == (START, 1, 1, "")

    def test_a_whole_rollout_goes_along_the_plan(self, service: RolloutService) -> None:
        at_full(service, ROOT)

        lines = StageChange.objects.order_by("id")
        assert [str(line.after) for line in lines] == [
            "TESTING",
            "PARTIAL 1 %",
            "PARTIAL 10 %",
            "PARTIAL 25 %",
            "PARTIAL 50 %",
            "FULL less 10 % holdout",
        ]

    def test_by_hand_the_dwell_may_be_cut_short_and_the_ledger_says_so(
        self, service: RolloutService, clock: Clock
    ) -> None:
        service.start(ROOT, **TERMS)
        service.advance(ROOT, **TERMS)
        clock.turn(hours=2, minutes=5)
        guard_ticked(clock.now)

        service.advance(ROOT, **TERMS)

        notes = newest().details["notes"]
        assert notes == ["moved by hand after 2 h 05 min of a dwell of 24 h"]

    def test_after_the_dwell_nothing_is_said_of_it(self, service: RolloutService, clock: Clock) -> None:
        service.start(ROOT, **TERMS)
        service.advance(ROOT, **TERMS)
        clock.turn(hours=24)
        guard_ticked(clock.now)

        service.advance(ROOT, **TERMS)

        assert "notes" not in newest().details

    def test_a_percentage_off_the_plan_is_said_in_the_ledger(self, at_ten: RolloutService) -> None:
        at_ten.set_percentage("12.5%", USERS, **TERMS)

        assert where(USERS) == "PARTIAL 12.5 %"
        assert newest().details["off_plan"] is True

    def test_zero_percent_is_refused_and_names_rollback(self, at_ten: RolloutService) -> None:
        with pytest.raises(IllegalMove) as refusal:
            at_ten.set_percentage(0, USERS, **TERMS)

        assert refusal.value.message.startswith(USERS)
        assert f"manage.py rollback {USERS}" in str(refusal.value.hint)

    def test_pause_and_resume_leave_everybodys_arm_alone(self, at_ten: RolloutService) -> None:
        before = where(USERS)

        at_ten.pause(USERS, **TERMS)
        paused = Flag.objects.named(USERS).paused
        at_ten.resume(USERS, **TERMS)

        assert (paused, Flag.objects.named(USERS).paused, where(USERS)) == (True, False, before)

    def test_a_new_attempt_is_not_paused_and_starts_with_the_whole_holdout(self, service: RolloutService) -> None:
        at_full(service, ROOT)
        service.set_holdout(1, ROOT, **TERMS)
        service.pause(ROOT, **TERMS)

        service.rollback(ROOT, **TERMS)
        service.start(ROOT, **TERMS)

        flag = Flag.objects.named(ROOT)
        assert (flag.paused, flag.holdout, flag.attempt) == (False, Decimal(10), 2)

    def test_entering_full_drops_nobody_who_is_in(self, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        service.set_percentage(97, ROOT, **TERMS)

        service.advance(ROOT, **TERMS)

        assert where(ROOT) == "FULL less 3 % holdout"

    def test_the_holdout_is_changed_at_full(self, service: RolloutService) -> None:
        at_full(service, ROOT)

        service.set_holdout("0.5", ROOT, **TERMS)

        assert where(ROOT) == "FULL less 0.5 % holdout"

    def test_moving_within_a_place_keeps_its_age(self, at_ten: RolloutService, clock: Clock) -> None:
        clock.turn(hours=5)

        at_ten.pause(USERS, **TERMS)

        assert Flag.objects.named(USERS).entered_at == START


class TestRollback:
    """Never gated, idempotent, takes the dependants along."""

    def test_rollback_leaves_nobody_on_v4(self, at_ten: RolloutService) -> None:
        """The original fails it: its rollback left everyone on v4. We pass it, by the decision itself."""
        at_ten.rollback(ALL, **TERMS)

        shares = [flag.position.share for flag in Flag.objects.all()]
        assert (set(shares), Flag.objects.exclude(stage="disabled").count()) == ({Decimal(0)}, 0)

    def test_rollback_takes_the_dependants_along(self, at_ten: RolloutService) -> None:
        report = at_ten.rollback(ROOT, **TERMS)

        assert len(report.moved) == 8
        assert report.outcomes[0].feature == ROOT

    def test_rollback_of_one_leaves_the_others(self, at_ten: RolloutService) -> None:
        at_ten.rollback(USERS, **TERMS)

        assert (where(USERS), where(REVIEWS), where(ROOT)) == ("DISABLED", "PARTIAL 10 %", "PARTIAL 10 %")

    def test_rolling_back_again_is_already_so_and_leaves_no_line(self, at_ten: RolloutService) -> None:
        at_ten.rollback(ALL, **TERMS)
        lines, version = StageChange.objects.count(), control_version()

        report = at_ten.rollback(ALL, **TERMS)

        assert set(results(report).values()) == {Result.ALREADY}
        assert (StageChange.objects.count(), control_version()) == (lines, version)

    def test_rollback_works_while_the_prerequisite_is_disabled(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=ROOT).update(stage="disabled", percentage=0)

        at_ten.rollback(USERS, **TERMS)

        assert where(USERS) == "DISABLED"

    def test_a_complete_feature_in_a_bulk_rollback_is_reported_with_both_commands(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=USERS).update(stage="complete", percentage=100, holdout=0)

        report = at_ten.rollback(ALL, **TERMS)

        (refused,) = report.refused
        hint = str(refused.error and refused.error.hint)
        assert (refused.feature, len(report.moved)) == (USERS, 7)
        assert f"manage.py rollout reopen {USERS}" in hint
        assert f"manage.py rollback {USERS}" in hint

    def test_a_complete_feature_alone_is_refused(self, service: RolloutService) -> None:
        Flag.objects.filter(name=USERS).update(stage="complete", percentage=100, holdout=0)

        with pytest.raises(IllegalMove, match="COMPLETE"):
            service.rollback(USERS, **TERMS)

    def test_a_complete_feature_alone_takes_no_dependant_along(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=ROOT).update(stage="complete", percentage=100, holdout=0)

        with pytest.raises(MovesRefused) as refusal:
            at_ten.rollback(ROOT, **TERMS)

        assert f"manage.py rollout reopen {ROOT}" in str(refusal.value.problems[0].hint)
        assert where(USERS) == "PARTIAL 10 %"

    def test_the_way_back_from_complete_is_reopen_then_rollback(self, service: RolloutService) -> None:
        at_full(service, ROOT)
        service.complete(ROOT, force=True, **TERMS)

        service.reopen(ROOT, **TERMS)
        service.rollback(ROOT, **TERMS)

        assert where(ROOT) == "DISABLED"


class TestPrerequisites:
    """Nothing is widened on ground that is not there."""

    def test_start_is_refused_while_the_prerequisite_is_disabled(self, service: RolloutService) -> None:
        with pytest.raises(PrerequisiteDisabled) as refusal:
            service.start(REVIEWS, **TERMS)

        assert f"manage.py rollout start {ROOT}" in str(refusal.value.hint)
        assert where(REVIEWS) == "DISABLED"

    def test_a_bulk_start_moves_the_prerequisite_first(self, service: RolloutService) -> None:
        report = service.start(ALL, **TERMS)

        assert (report.outcomes[0].feature, len(report.moved)) == (ROOT, 8)

    def test_force_goes_past_it_and_the_ledger_says_so(self, service: RolloutService) -> None:
        service.start(REVIEWS, force=True, **TERMS)

        details = StageChange.objects.get().details
        assert details["forced"] is True
        assert ROOT in details["notes"][0]

    def test_narrowing_is_never_gated(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=ROOT).update(stage="disabled", percentage=0)

        at_ten.set_percentage(5, USERS, **TERMS)

        assert where(USERS) == "PARTIAL 5 %"

    def test_widening_is(self, at_ten: RolloutService) -> None:
        Flag.objects.filter(name=ROOT).update(stage="disabled", percentage=0)

        with pytest.raises(PrerequisiteDisabled):
            at_ten.set_percentage(15, USERS, **TERMS)


class TestTheEnd:
    """COMPLETE and back."""

    def test_complete_without_the_certificate_says_that_there_is_none_yet(self, service: RolloutService) -> None:
        at_full(service, ROOT)

        with pytest.raises(CertificateMissing) as refusal:
            service.complete(ROOT, **TERMS)

        assert "--force" in str(refusal.value.hint)

    def test_forced_it_completes_and_the_ledger_says_so(self, service: RolloutService) -> None:
        at_full(service, ROOT)

        service.complete(ROOT, force=True, **TERMS)

        assert where(ROOT) == "COMPLETE"
        assert (newest().details["certificate"]["given"], newest().details["forced"]) == (False, True)

    def test_a_completed_feature_is_not_paused_any_more(self, service: RolloutService) -> None:
        at_full(service, ROOT)
        service.pause(ROOT, **TERMS)

        service.complete(ROOT, force=True, **TERMS)

        assert not Flag.objects.named(ROOT).paused

    def test_only_a_superuser_reopens(self, service: RolloutService) -> None:
        at_full(service, ROOT)
        service.complete(ROOT, force=True, **TERMS)

        with pytest.raises(SuperuserRequired):
            service.reopen(ROOT, actor=Actor("u", "3"), reason="a test")

        assert where(ROOT) == "COMPLETE"

    def test_reopening_moves_nobody(self, service: RolloutService) -> None:
        at_full(service, ROOT)
        service.complete(ROOT, force=True, **TERMS)

        service.reopen(ROOT, **TERMS)

        assert Flag.objects.named(ROOT).position.share == 100


class TestTerms:
    """Who, why, and what the caller had seen."""

    @pytest.mark.parametrize("reason", ["", "  ", "nul \0", "x" * 1001])
    def test_a_move_needs_a_reason(self, service: RolloutService, reason: str) -> None:
        with pytest.raises(ReasonRequired):
            service.start(ROOT, actor=Actor("guard"), reason=reason)

        assert where(ROOT) == "DISABLED"

    @pytest.mark.parametrize(
        ("actor", "text"), [(Actor("u", "3"), "u:3"), (Actor("k", "1"), "k:1"), (Actor("guard"), "guard")]
    )
    def test_the_ledger_names_the_actor(self, service: RolloutService, actor: Actor, text: str) -> None:
        service.start(ROOT, actor=actor, reason="a test")

        assert StageChange.objects.get().actor == text

    def test_a_dry_run_changes_nothing_and_says_what_would(self, service: RolloutService) -> None:
        version = control_version()

        report = service.start(ALL, dry_run=True, **TERMS)

        assert (len(report.moved), report.dry_run, control_version()) == (8, True, version)
        assert (StageChange.objects.count(), where(ROOT)) == (0, "DISABLED")

    def test_a_dry_run_is_refused_as_the_move_would_be(self, service: RolloutService) -> None:
        with pytest.raises(PrerequisiteDisabled):
            service.start(REVIEWS, dry_run=True, **TERMS)

    def test_of_two_who_edit_at_once_the_second_is_shown_what_changed(self, at_ten: RolloutService) -> None:
        seen = Flag.objects.named(USERS).version
        at_ten.advance(USERS, actor=Actor("u", "3"), reason="looks well")

        with pytest.raises(StaleVersion) as refusal:
            at_ten.set_percentage(5, USERS, expect_version=seen, **TERMS)

        assert "u:3 advance PARTIAL 10 % → PARTIAL 25 % (looks well)" in refusal.value.message
        assert refusal.value.meta["changes"][0]["actor"] == "u:3"
        assert where(USERS) == "PARTIAL 25 %"

    def test_versions_can_be_expected_by_name(self, at_ten: RolloutService) -> None:
        seen = {name: Flag.objects.named(name).version for name in (USERS, REVIEWS)}
        at_ten.pause(REVIEWS, **TERMS)

        with pytest.raises(StaleVersion, match=REVIEWS):
            at_ten.advance([USERS, REVIEWS], expect_version=seen, **TERMS)

    def test_what_was_seen_and_still_stands_is_moved(self, at_ten: RolloutService) -> None:
        seen = Flag.objects.named(USERS).version

        at_ten.advance(USERS, expect_version=seen, **TERMS)

        assert Flag.objects.named(USERS).version == seen + 1

    def test_the_request_that_asked_is_in_the_ledger(self, service: RolloutService) -> None:
        from jewgo.core.middleware import request_id

        token = request_id.set("req-1")
        service.start(ROOT, **TERMS)
        request_id.reset(token)

        assert StageChange.objects.get().request_id == "req-1"


class TestSelection:
    """Which features a move is about."""

    @pytest.mark.parametrize(
        "selection",
        [ALL, Selection(cohort="api_v4"), Selection(prefix="api_v4_"), [ROOT, USERS], Selection((ROOT, USERS))],
    )
    def test_can_be_many(self, service: RolloutService, selection: Any) -> None:
        report = service.start(selection, **TERMS)

        assert len(report.moved) in {2, 8}

    @pytest.mark.parametrize(
        "selection",
        ["nix", [ROOT, "nix"], Selection(cohort="other"), Selection(prefix="x"), Selection(("nix",), "api_v4")],
    )
    def test_of_something_unknown_moves_nothing(self, service: RolloutService, selection: Any) -> None:
        with pytest.raises(UnknownFeature) as refusal:
            service.start(selection, **TERMS)

        assert ROOT in str(refusal.value.hint)
        assert where(ROOT) == "DISABLED"

    @pytest.mark.parametrize("selection", [Selection(), []])
    def test_of_nothing_is_refused(self, service: RolloutService, selection: Any) -> None:
        with pytest.raises(NothingNamed):
            service.start(selection, **TERMS)

    def test_a_bulk_move_is_made_whole_or_not_at_all(self, service: RolloutService) -> None:
        service.start([ROOT, USERS], **TERMS)

        with pytest.raises(MovesRefused) as refusal:
            service.advance([ROOT, USERS, REVIEWS], **TERMS)

        assert results(refusal.value.report) == {
            ROOT: Result.NOT_DONE,
            REVIEWS: Result.REFUSED,
            USERS: Result.NOT_DONE,
        }
        assert (where(ROOT), where(USERS)) == ("TESTING", "TESTING")
        assert [problem.detail for problem in refusal.value.problems] == [
            f"{REVIEWS}: It is DISABLED; a rollout begins with start."
        ]

    def test_what_is_already_so_does_not_hold_up_the_others(self, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)

        report = service.start([ROOT, USERS], **TERMS)

        assert results(report) == {ROOT: Result.ALREADY, USERS: Result.MOVED}


class TestOverrides:
    """Single identities, in or out."""

    @pytest.mark.parametrize("identity", ["u:3", "k:1", "d:0197a0c4-7e3e-7c6e-8a52-0d9a8f3b2c11", f"n:{'0f' * 16}"])
    def test_an_identity_is_put_in_out_and_left_to_its_slot(self, service: RolloutService, identity: str) -> None:
        stored = []
        for is_in in (True, False, None):
            service.override(USERS, identity, is_in, **TERMS)
            stored.append(list(Override.objects.values_list("identity", "is_in")))

        assert stored == [[(identity, True)], [(identity, False)], []]
        words = [(line.details["from"], line.details["to"]) for line in StageChange.objects.order_by("id")]
        assert words == [("slot", "on"), ("on", "off"), ("off", "slot")]

    def test_a_device_is_known_in_lower_case(self, service: RolloutService) -> None:
        service.override(USERS, "d:0197A0C4-7E3E-7C6E-8A52-0D9A8F3B2C11", True, **TERMS)

        assert Override.objects.get().identity == "d:0197a0c4-7e3e-7c6e-8a52-0d9a8f3b2c11"

    @pytest.mark.parametrize("identity", ["", "3", "u:", "x:1", "d:1", "n:zz", "u:1 or 1", "dana@example.org"])
    def test_what_is_no_identity_is_refused_with_every_form(self, service: RolloutService, identity: str) -> None:
        with pytest.raises(InvalidIdentity) as refusal:
            service.override(USERS, identity, True, **TERMS)

        assert "d:<device uuid>" in str(refusal.value.hint)

    def test_twice_is_already_so(self, service: RolloutService) -> None:
        service.override(USERS, "u:3", True, **TERMS)

        report = service.override(USERS, "u:3", True, **TERMS)

        assert results(report) == {USERS: Result.ALREADY}


class TestTesters:
    """Who is in from TESTING on."""

    @pytest.fixture
    def dana(self, db: None) -> Any:
        return get_user_model().objects.create_user("dana@example.org")

    @pytest.fixture
    def qa(self, db: None) -> Group:
        return Group.objects.create(name="qa")

    def test_people_groups_and_audiences_are_added_and_removed(
        self, service: RolloutService, dana: Any, qa: Group
    ) -> None:
        service.set_testers(USERS, add=["Dana@example.org", "qa", "staff"], **TERMS)
        flag = Flag.objects.named(USERS)
        added = ([*flag.users.all()], [*flag.groups.all()], flag.staff, flag.superusers)

        service.set_testers(USERS, remove=[f"u:{dana.pk}", f"g:{qa.pk}", "staff"], **TERMS)

        flag = Flag.objects.named(USERS)
        assert added == ([dana], [qa], True, False)
        assert ([*flag.users.all()], [*flag.groups.all()], flag.staff) == ([], [], False)

    def test_the_ledger_says_who(self, service: RolloutService, dana: Any, qa: Group) -> None:
        service.set_testers(USERS, add=["dana@example.org", "qa", "superusers"], **TERMS)

        assert StageChange.objects.get().details == {
            "added": [f"u:{dana.pk}", f"g:{qa.pk}", "superusers"],
            "removed": [],
        }

    def test_who_is_one_already_is_already_so(self, service: RolloutService, dana: Any) -> None:
        service.set_testers(USERS, add=["dana@example.org"], **TERMS)

        report = service.set_testers(USERS, add=["dana@example.org"], **TERMS)

        assert results(report) == {USERS: Result.ALREADY}

    @pytest.mark.parametrize(
        "name", ["nobody@example.org", "u:999999", "u:x'", "u:abc", "u:²", "g:999999", "g:one", ""]
    )
    def test_nobody_is_guessed(self, service: RolloutService, name: str) -> None:
        with pytest.raises(UnknownTester):
            service.set_testers(USERS, add=[name], **TERMS)


class TestDrills:
    """Faults on purpose."""

    def test_a_drill_is_stored_with_its_end_and_is_in_the_ledger(self, service: RolloutService, clock: Clock) -> None:
        fault = Fault("slow", delay_ms=300, operation="users.me", identities=("u:3", "u:3"), match="cafe")

        service.drill(USERS, fault, **TERMS)

        drill = Drill.objects.get()
        assert (drill.fault, drill.delay_ms, drill.identities, drill.match) == ("slow", 300, ["u:3"], "cafe")
        assert ((drill.expires_at - START).total_seconds(), drill.actor) == (60, "cli:dana")
        assert StageChange.objects.get().details["operation"] == "users.me"

    def test_it_ends_by_itself(self, service: RolloutService, clock: Clock) -> None:
        service.drill(USERS, Fault("error"), **TERMS)

        clock.turn(seconds=60)

        assert not Drill.objects.live(clock.now).exists()
        assert not Drill.objects.get().is_live(clock.now)

    def test_it_is_ended_before(self, service: RolloutService, clock: Clock) -> None:
        service.drill(USERS, Fault("error"), **TERMS)

        report = service.end_drill(USERS, **TERMS)
        again = service.end_drill(USERS, **TERMS)

        assert not Drill.objects.live(clock.now).exists()
        assert (results(report), results(again)) == ({USERS: Result.MOVED}, {USERS: Result.ALREADY})

    def test_where_drills_are_off_it_is_refused_and_says_how_to_allow_them(
        self, service: RolloutService, settings: Any
    ) -> None:
        settings.ROLLOUT = {**settings.ROLLOUT, "DRILLS": False}

        with pytest.raises(DrillsOff) as refusal:
            service.drill(USERS, Fault("error"), **TERMS)

        assert "ROLLOUT_DRILLS=on" in str(refusal.value.hint)
        assert not Drill.objects.exists()

    @pytest.mark.parametrize(
        "values",
        [
            {"kind": "fire"},
            {"kind": "error", "rate": 0},
            {"kind": "error", "rate": 1.5},
            {"kind": "error", "rate": float("nan")},
            {"kind": "slow", "delay_ms": 0},
            {"kind": "error", "operation": "x" * 101},
            {"kind": "slow", "delay_ms": 30_001},
        ],
    )
    def test_a_drill_that_makes_no_sense_is_refused(self, values: dict[str, Any]) -> None:
        with pytest.raises(InvalidDrill):
            Fault(**values)

    @pytest.mark.parametrize("seconds", [0, -1, 3601])
    def test_a_drill_lasts_at_most_an_hour(self, seconds: int) -> None:
        from datetime import timedelta

        with pytest.raises(InvalidDrill):
            Fault("error", lasts=timedelta(seconds=seconds))


@pytest.mark.parametrize("percentage", ["ten", "0.001", 101, -1])
def test_what_is_no_percentage_moves_nothing(at_ten: RolloutService, percentage: Any) -> None:
    with pytest.raises(InvalidPercentage):
        at_ten.set_percentage(percentage, USERS, **TERMS)

    assert where(USERS) == "PARTIAL 10 %"


def test_the_percentage_is_consulted(at_ten: RolloutService) -> None:
    """The original fails it: its percentage was never consulted, any stage but DISABLED served everyone. We pass it."""
    from rollout import pulse

    seen = pulse.view()

    inside = sum(seen.decide(USERS, f"u:{number}").is_candidate for number in range(10_000))
    assert 900 < inside < 1100
    assert isinstance(seen, snapshot.Snapshot)


@pytest.mark.django_db(transaction=True)
class TestTogether:
    """Several at once, on connections of their own."""

    def test_who_meets_a_held_feature_is_told_that_it_is_busy(self) -> None:
        with self.holding(ROOT), pytest.raises(Busy) as refusal:
            RolloutService().start(ROOT, **TERMS)

        assert refusal.value.retryable
        assert where(ROOT) == "DISABLED"

    def test_of_two_at_once_both_are_in_the_ledger_and_one_attempt_is_begun(self) -> None:
        def start() -> None:
            try:
                RolloutService().start(ALL, **TERMS)
            finally:
                connections.close_all()

        both = [threading.Thread(target=start) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join()

        assert set(Flag.objects.values_list("attempt", flat=True)) == {1}
        assert StageChange.objects.count() == 8

    class holding:  # noqa: N801 a context manager is named as what it does
        """Hold a feature's row from another connection."""

        def __init__(self, name: str) -> None:
            self.name = name
            self.other = connections.create_connection("default")

        def __enter__(self) -> None:
            self.other.settings_dict["NAME"] = connection.settings_dict["NAME"]
            self.other.set_autocommit(False)
            with self.other.cursor() as cursor:
                cursor.execute("SELECT 1 FROM rollout_flag WHERE name = %s FOR UPDATE", [self.name])

        def __exit__(self, *_: object) -> None:
            self.other.rollback()
            self.other.close()


def test_a_failure_while_writing_leaves_everything_as_it_was(service: RolloutService) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"), transaction.atomic():
        service.start(ROOT, evidence={"e": float("nan")}, **TERMS)

    assert (where(ROOT), StageChange.objects.count()) == ("DISABLED", 0)
