"""Who moves and why, and which features a move names."""

from typing import Any

import pytest

from rollout.models import Flag, StageChange
from rollout.moves import Actor, MovesRefused, NothingNamed, ReasonRequired, Result, Selection
from rollout.propagation import control_version
from rollout.repositories import UnknownFeature
from rollout.services import RolloutService
from rollout.transitions import PrerequisiteDisabled, StaleVersion
from tests.rollout.control import TERMS
from tests.rollout.services.world import ALL, REVIEWS, ROOT, USERS, results, where


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
