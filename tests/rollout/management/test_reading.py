"""The commands that only look, and commands as processes."""

import json

import pytest

from tests.rollout.control import newest, python
from tests.rollout.management.console import (
    MANAGE,
    ROOT,
    USERS,
    rollout,
    run,
    where,
)

pytestmark = pytest.mark.django_db


class TestLooking:
    """The commands that only look."""

    def test_status_says_how_far_it_is_in_one_sentence(self, at_ten: None) -> None:
        said = rollout("status")

        assert said.out.startswith("8 of 8 features are on; all of v4 is on for 10 % of people.")
        assert said.out.count("PARTIAL") == 8

    def test_status_as_json_is_the_services_document(self, at_ten: None) -> None:
        told = rollout("status", USERS, "--json").json

        assert list(told["feature_flags"]) == [USERS]
        assert told["overall_status"]["migration_percentage"] == 10

    def test_history_comes_in_pages_that_name_the_next(self, at_ten: None) -> None:
        first = rollout("history", "--limit", "10")
        second = rollout("history", "--limit", "10", "--json", "--before", first.out.rsplit(" ", 1)[1].strip())

        assert first.out.count("set: TESTING → PARTIAL 10 %") == 8
        assert len(second.json["lines"]) == 6
        assert second.json["next_before"] is None

    def test_history_of_one_feature(self, at_ten: None) -> None:
        lines = rollout("history", USERS, "--json").json["lines"]

        assert [line["move"] for line in lines] == ["set", "start"]
        assert {line["feature"] for line in lines} == {USERS}

    def test_history_without_a_line_says_so(self) -> None:
        assert "no such line" in rollout("history").out

    def test_history_shows_what_was_changed_beside_the_place(self) -> None:
        rollout("override", USERS, "u:3", "on", "--reason", "vip")

        said = rollout("history")

        assert "override: " in said.out
        assert "identity u:3" in said.out

    def test_a_reason_cannot_steer_the_terminal(self) -> None:
        rollout("start", ROOT, "--reason", "\x1b[31mred [bold]x[/bold]")

        said = rollout("history")

        assert "\x1b" not in said.out
        assert "[bold]x[/bold]" in said.out

    def test_explain_is_a_sentence(self) -> None:
        said = rollout("explain", ROOT, "u:3")

        assert said.out.startswith("u:3 is served by v3: the feature is DISABLED.")

    def test_verify_says_how_many_lines_hold_and_the_head_to_publish(self, at_ten: None) -> None:
        said = rollout("verify")

        assert said.code == 0
        assert said.out.startswith("16 lines, and every link holds.")
        assert newest().hash in said.out

    def test_colour_is_only_for_terminals(self, at_ten: None) -> None:
        assert "\x1b[" not in rollout("status").out


class TestProcesses:
    """As a shell sees them: exit status, stdout and stderr."""

    @pytest.mark.django_db(transaction=True)
    def test_rollback_works_with_a_force_that_nobody_understands_and_warns(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ROLLOUT_FORCE_API_V4_USERS", "perhaps")
        rollout("start", "--all", "--reason", "x")

        out, err, code = run("rollback", "--all", "--reason", "3 a.m.", "--json")

        assert code == 0
        assert "ROLLOUT_FORCE_API_V4_USERS='perhaps'" in err
        assert len(json.loads(out)["features"]) == 8
        assert where(USERS) == "DISABLED"

    @pytest.mark.django_db(transaction=True)
    def test_the_exit_status_is_the_documented_one(self) -> None:
        expected = {
            ("rollout", "start", "nix", "--reason", "x"): (4, "Unknown: There is no feature nix."),
            ("rollout", "start", USERS, "--reason", "x"): (3, f"Refused: {USERS}: It stands on {ROOT}, which is"),
            ("rollout", "start", USERS): (2, "usage:"),
            ("waffle_flag", USERS, "--everyone"): (3, "CommandError: Flags are moved by the rollout"),
        }

        running = {words: python(MANAGE, *words) for words in expected}
        ended = {words: (one.communicate(timeout=60)[1], one.returncode) for words, one in running.items()}

        for words, (code, first) in expected.items():
            assert (ended[words][1], ended[words][0][: len(first)]) == (code, first)

    @pytest.mark.django_db(transaction=True)
    def test_a_command_of_its_own_process_knows_the_operations_that_are_switched(self) -> None:
        words = ("drill", "api_v4_restaurants", "--fault", "error", "--reason", "x", "--operation")

        _, err, code = run("rollout", *words, "restaurants.search")

        assert (code, "switches no operation" in err) == (0, False)

    def test_without_postgres_it_says_what_to_do_instead(self) -> None:
        process = python(
            MANAGE, "rollback", "--all", "--reason", "x", database_url="postgres://postgres@127.0.0.1:1/no"
        )
        _, err = process.communicate(timeout=60)

        assert process.returncode == 1
        assert "PostgreSQL does not answer" in err
        assert "ROLLOUT_FORCE_ALL=off" in err


class TestCertificate:
    """What speaks for and against COMPLETE."""

    def test_it_lists_every_condition_and_ends_with_3_where_it_is_not_given(self, at_ten: None) -> None:
        said = rollout("certificate", USERS)

        assert said.code == 3
        assert "The certificate of api_v4_users is not given." in said.out
        assert said.out.count("NOT MET") == 5
        assert "5 of 6 conditions are not met." in str(said.error)

    def test_json_holds_the_same(self, at_ten: None) -> None:
        told = rollout("certificate", USERS, "--json").json

        assert (told["feature"], told["given"]) == (USERS, False)
        assert {one["name"] for one in told["conditions"] if one["met"]} == {"parity"}

    def test_an_unknown_feature_is_exit_4(self) -> None:
        assert rollout("certificate", "nix").code == 4
