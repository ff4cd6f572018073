"""Drills: who may begin one, and how it ends."""

from typing import Any

import pytest

from rollout.drills import DrillsOff, Fault, InvalidDrill
from rollout.models import Drill, StageChange
from rollout.moves import Result
from rollout.services import RolloutService
from tests.rollout.control import START, TERMS, Clock
from tests.rollout.services.world import USERS, results


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
