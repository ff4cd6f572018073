"""The commands that move: what an operator types and reads."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from rollout.models import Drill, Flag, StageChange
from tests.rollout.control import newest
from tests.rollout.management.console import (
    ROOT,
    USERS,
    Said,
    rollout,
    where,
)

pytestmark = pytest.mark.django_db


class TestMoving:
    """The moves, from the command line."""

    def test_a_rollout_is_started_set_and_rolled_back(self) -> None:
        codes = [
            rollout("start", "--all", "--reason", "begin").code,
            rollout("set", "10%", "--cohort", "api_v4", "--reason", "ten").code,
            Said("rollback", "--all", "--reason", "drill").code,
        ]

        assert codes == [0, 0, 0]
        assert set(Flag.objects.values_list("stage", flat=True)) == {"disabled"}
        assert StageChange.objects.filter(actor__startswith="cli:").count() == 24

    def test_the_table_names_every_feature_with_from_and_to(self, at_ten: None) -> None:
        said = rollout("advance", USERS, "--reason", "well")

        assert [word in said.out for word in (USERS, "moved", "PARTIAL 10 %", "PARTIAL 25 %", "dwell of 24 h")] == [
            True
        ] * 5

    def test_already_so_is_exit_0_and_said(self, at_ten: None) -> None:
        said = rollout("start", USERS, "--reason", "again")

        assert (said.code, "already so" in said.out) == (0, True)

    def test_a_dry_run_says_so_and_changes_nothing(self, at_ten: None) -> None:
        said = rollout("advance", USERS, "--reason", "well", "--dry-run")

        assert (said.code, "would be moved" in said.out, "nothing was changed" in said.out) == (0, True, True)
        assert where(USERS) == "PARTIAL 10 %"

    def test_a_dry_run_says_whom_it_concerns(self, at_ten: None) -> None:
        key = get_user_model().objects.create_user("dana@example.org").pk
        for name, word in ((ROOT, "on"), (USERS, "off")):
            rollout("override", name, f"u:{key}", word, "--reason", "x")

        said = rollout("override", USERS, f"u:{key}", "on", "--reason", "x", "--dry-run")
        told = rollout("override", USERS, f"u:{key}", "on", "--reason", "x", "--dry-run", "--json").json

        assert f"{USERS}: Of 1 known people and keys 1 move to v4 and 0 to v3" in said.out
        assert f"To v4: u:{key}" in said.out
        (feature,) = told["features"]
        assert (feature["radius"]["movers"]["names_into_v4"], "dana" in str(told)) == ([f"u:{key}"], False)

    def test_json_holds_every_outcome_and_where_it_is_in_the_ledger(self, at_ten: None) -> None:
        told = rollout("advance", USERS, "--reason", "well", "--json").json

        (feature,) = told["features"]
        assert (told["move"], told["dry_run"], feature["result"]) == ("advance", False, "moved")
        assert (feature["from"]["percentage"], feature["to"]["percentage"]) == (10, 25)
        assert feature["ledger"]["hash"] == newest().hash
        assert told["propagation"]["version"] == told["control_version"]

    @pytest.mark.parametrize("move", ["pause", "resume", "advance"])
    def test_the_simple_moves_are_all_there(self, at_ten: None, move: Any) -> None:
        assert rollout(move, USERS, "--reason", "x").code == 0

    def test_holdout_complete_and_reopen(self, at_ten: None) -> None:
        for _ in range(3):
            rollout("advance", ROOT, "--reason", "x")
        codes = [
            rollout("holdout", "1", ROOT, "--reason", "x").code,
            rollout("complete", ROOT, "--reason", "x").code,
            rollout("complete", ROOT, "--reason", "x", "--force").code,
            rollout("reopen", ROOT, "--reason", "x").code,
        ]

        assert (codes, where(ROOT)) == ([0, 3, 0, 0], "FULL")

    def test_overrides_and_testers(self) -> None:
        get_user_model().objects.create_user("dana@example.org")

        codes = [
            rollout("override", USERS, "u:3", "on", "--reason", "x").code,
            rollout("override", USERS, "u:3", "clear", "--reason", "x").code,
            rollout("testers", USERS, "add", "dana@example.org", "staff", "--reason", "x").code,
            rollout("testers", USERS, "remove", "staff", "--reason", "x").code,
        ]

        flag = Flag.objects.named(USERS)
        assert (codes, flag.users.count(), flag.staff, flag.overrides.count()) == ([0] * 4, 1, False, 0)

    def test_a_drill_is_begun_and_ended(self, at_ten: None) -> None:
        begun = rollout(
            "drill", USERS, "--fault", "slow", "--ms", "250", "--for", "5m", "--rate", "0.5", "--identity", "u:1",
            "u:2", "--match", "cafe", "--reason", "x",
        )  # fmt: skip
        drill = Drill.objects.get()
        ended = rollout("drill", USERS, "--end", "--reason", "x")

        assert (begun.code, ended.code) == (0, 0)
        assert (drill.delay_ms, drill.rate, drill.identities, drill.match) == (250, 0.5, ["u:1", "u:2"], "cafe")
        assert (drill.expires_at - drill.started_at).total_seconds() == 300

    def test_a_drill_of_an_operation_that_the_feature_does_not_switch_is_warned_of(self, at_ten: None) -> None:
        said = rollout("drill", USERS, "--fault", "error", "--operation", "nix.nix", "--reason", "x")

        assert "switches no operation nix.nix" in said.err

    def test_where_drills_are_off_it_is_exit_3_and_names_the_variable(self, settings: Any) -> None:
        settings.ROLLOUT = {**settings.ROLLOUT, "DRILLS": False}

        said = rollout("drill", USERS, "--fault", "error", "--reason", "x")

        assert (said.code, "ROLLOUT_DRILLS=on" in str(said.error)) == (3, True)
