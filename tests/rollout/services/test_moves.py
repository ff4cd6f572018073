"""Moves forward: every legal one, its percentages, and everything that is refused."""

from decimal import Decimal
from typing import Any

import pytest

from rollout import snapshot
from rollout.models import Flag, StageChange
from rollout.moves import Result
from rollout.services import RolloutService
from rollout.stages import IllegalMove, InvalidPercentage
from tests.rollout.control import START, TERMS, Clock, guard_ticked, newest
from tests.rollout.services.world import ROOT, USERS, at_full, results, where


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
