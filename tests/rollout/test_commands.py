"""The commands: what an operator types, reads, and gets as an exit code."""

import io
import json
import threading
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections

from rollout.management.answers import Busy, Failed, NotConfirmed, Refused, Unknown, Usage
from rollout.models import Drill, Flag, StageChange, Worker
from tests.rollout.control import newest, python, worker

pytestmark = pytest.mark.django_db

ROOT, USERS = "api_v4_enabled", "api_v4_users"


class Said:
    """What a command wrote, and how it ended."""

    def __init__(self, *words: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.error, self.code = None, 0
        try:
            call_command(*words, stdout=out, stderr=err)
        except CommandError as error:
            self.error, self.code = error, error.returncode
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def rollout(*words: str) -> "Said":
    return Said("rollout", *words)


@pytest.fixture
def at_ten() -> None:
    rollout("start", "--all", "--reason", "begin")
    rollout("set", "10", "--all", "--reason", "ten")


def where(name: str) -> str:
    return str(Flag.objects.named(name).position)


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


class TestExitCodes:
    """0 done or already so, 1 failed, 2 usage, 3 refused, 4 unknown, 5 not confirmed, 75 busy."""

    @pytest.mark.parametrize(
        ("words", "kind", "code", "says"),
        [
            (("start", USERS, "--reason", "x"), Refused, 3, f"Next: manage.py rollout start {ROOT}"),
            (("advance", ROOT, "--reason", "x"), Refused, 3, f"Next: manage.py rollout start {ROOT}"),
            (("set", "0", ROOT, "--reason", "x"), Refused, 3, f"Next: manage.py rollback {ROOT}"),
            (("start", "nix", "--reason", "x"), Unknown, 4, "There is no feature nix."),
            (("status", "nix"), Unknown, 4, "The features are: api_v4_cache"),
            (("history", "nix"), Unknown, 4, "There is no feature nix."),
            (("testers", USERS, "add", "nobody", "--reason", "x"), Unknown, 4, "no person and no group 'nobody'"),
            (("start", "--reason", "x"), Usage, 2, "Name a feature"),
            (("start", ROOT, "--reason", " "), Usage, 2, "A reason is missing"),
            (("set", "ten", ROOT, "--reason", "x"), Usage, 2, "ten is not a percentage"),
            (("override", USERS, "dana", "on", "--reason", "x"), Usage, 2, "d:<device uuid>"),
            (("verify", "--head", "abc"), Failed, 1, "its end was cut off"),
        ],
    )
    def test_a_failure_names_the_thing_and_what_helps(
        self, words: tuple[str, ...], kind: type[Failed], code: int, says: str
    ) -> None:
        said = rollout(*words)

        assert (type(said.error), said.code) == (kind, code)
        assert says in str(said.error)

    def test_a_refusal_in_json_is_json_too(self) -> None:
        said = rollout("start", USERS, "--reason", "x", "--json")

        assert said.code == 3
        assert said.json["error"]["code"] == "prerequisite_disabled"
        assert ROOT in said.json["error"]["hint"]

    def test_a_bulk_refusal_tells_every_reason_and_one_next_command(self) -> None:
        said = rollout("advance", "--all", "--reason", "x")

        assert said.code == 3
        assert str(said.error).count("It is DISABLED") == 8
        assert str(said.error).count("Next:") == 1

    def test_a_bulk_refusal_in_json_says_what_would_have_become_of_each(self) -> None:
        rollout("start", ROOT, "--reason", "x")

        said = rollout("advance", ROOT, USERS, "--reason", "x", "--json")

        outcomes = said.json["error"]["meta"]["report"]["features"]
        assert {one["feature"]: one["result"] for one in outcomes} == {ROOT: "not_done", USERS: "refused"}

    @pytest.mark.parametrize("words", [(USERS, "--all"), (USERS, "--cohort", "nix"), ("--prefix", "nix", "--all")])
    def test_features_are_named_in_one_way_only(self, words: tuple[str, ...]) -> None:
        with pytest.raises(CommandError, match="not allowed with"):
            call_command("rollback", *words, "--reason", "x")

    def test_a_reason_in_another_encoding_does_not_stop_a_rollback(self, at_ten: None) -> None:
        said = Said("rollback", "--all", "--reason", b"caf\xe9 is down".decode(errors="surrogateescape"))

        assert (said.code, where(ROOT)) == (0, "DISABLED")
        assert newest().reason == "caf\N{REPLACEMENT CHARACTER} is down"

    @pytest.mark.parametrize("words", [("start", ROOT), ("rollback", "--all"), ("testers", USERS, "add", "x")])
    def test_a_reason_is_asked_for(self, words: tuple[str, ...]) -> None:
        with pytest.raises(CommandError, match="--reason"):
            call_command("rollout", *words)

    def test_a_wait_that_swallowed_a_feature_is_explained(self) -> None:
        with pytest.raises(CommandError, match="name features before --wait"):
            call_command("rollback", "--reason", "x", "--wait", USERS)

    @pytest.mark.parametrize("words", [("--for", "5x"), ("--for", ""), ("--for", "1e999h")])
    def test_a_duration_is_explained(self, words: tuple[str, ...]) -> None:
        with pytest.raises(CommandError, match="say 60s, 5m or 1h"):
            call_command("rollout", "drill", USERS, "--fault", "error", "--reason", "x", *words)

    def test_a_complete_feature_alone_is_exit_3_with_both_commands(self) -> None:
        Flag.objects.filter(name=USERS).update(stage="complete", percentage=100, holdout=0)

        said = Said("rollback", USERS, "--reason", "x")

        assert said.code == 3
        assert f"manage.py rollout reopen {USERS}" in str(said.error)
        assert f"manage.py rollback {USERS}" in str(said.error)

    def test_a_complete_feature_among_others_is_exit_0_and_said(self, at_ten: None) -> None:
        Flag.objects.filter(name=USERS).update(stage="complete", percentage=100, holdout=0)

        said = Said("rollback", "--all", "--reason", "x")

        assert (said.code, "REFUSED" in said.out, "rollout reopen" in said.out) == (0, True, True)
        assert set(Flag.objects.exclude(name=USERS).values_list("stage", flat=True)) == {"disabled"}

    @pytest.mark.django_db(transaction=True)
    def test_a_held_feature_is_exit_75(self) -> None:
        other = connections.create_connection("default")
        other.settings_dict["NAME"] = connection.settings_dict["NAME"]
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM rollout_flag WHERE name = %s FOR UPDATE", [ROOT])

        said = rollout("start", ROOT, "--reason", "x")
        other.rollback()
        other.close()

        assert (type(said.error), said.code) == (Busy, 75)


class TestWaiting:
    """--wait: until every live worker follows."""

    @pytest.mark.django_db(transaction=True)
    def test_it_returns_as_soon_as_every_worker_follows(self) -> None:
        one = worker(1)
        follow = threading.Timer(0.3, _follow, [one.pk])
        follow.start()

        said = rollout("start", ROOT, "--reason", "x", "--wait", "10")
        follow.join()

        assert (said.code, "1/1 workers on version" in said.out) == (0, True)
        assert "waiting up to 10 s" in said.err

    def test_a_worker_that_does_not_follow_is_exit_5_and_named(self) -> None:
        worker(7, version=0)

        said = rollout("start", ROOT, "--reason", "x", "--wait", "0.1")

        assert (type(said.error), said.code) == (NotConfirmed, 5)
        assert "committed, but not confirmed" in str(said.error)
        assert "web/7" in str(said.error)
        assert where(ROOT) == "TESTING"

    @pytest.mark.django_db(transaction=True)
    def test_a_database_that_goes_away_meanwhile_does_not_hide_that_it_is_committed(self) -> None:
        worker(7, version=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        cut = threading.Timer(0.5, _terminate, [pid])
        cut.start()

        said = rollout("start", ROOT, "--reason", "x", "--wait", "10", "--json")
        cut.join()
        connection.close()

        assert (type(said.error), said.code) == (NotConfirmed, 5)
        assert "The change is committed" in str(said.error)
        assert (said.json["features"][0]["result"], said.json["propagation"]) == ("moved", None)
        assert where(ROOT) == "TESTING"

    def test_without_wait_a_worker_behind_is_no_failure(self) -> None:
        worker(7, version=0)

        assert rollout("start", ROOT, "--reason", "x").code == 0

    def test_a_dry_run_waits_for_nobody(self) -> None:
        worker(7, version=0)

        assert rollout("start", ROOT, "--reason", "x", "--wait", "0.1", "--dry-run").code == 0

    def test_propagation_is_exit_5_while_somebody_is_behind(self) -> None:
        worker(7, version=0)

        said = rollout("propagation")

        assert (said.code, "web/7" in said.out) == (5, True)

    def test_rollback_tells_what_environments_force_in_spite_of_it(self, at_ten: None) -> None:
        one = worker(1)
        Worker.objects.filter(pk=one.pk).update(forces={"ROLLOUT_FORCE_API_V4_USERS": "on"})

        said = Said("rollback", "--all", "--reason", "x")

        assert "Forced by the environment of web/1" in said.out
        assert "ROLLOUT_FORCE_API_V4_USERS=on" in said.out


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

        out, err, code = _run("rollback", "--all", "--reason", "3 a.m.", "--json")

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

        _, err, code = _run("rollout", *words, "restaurants.search")

        assert (code, "switches no operation" in err) == (0, False)

    def test_without_postgres_it_says_what_to_do_instead(self) -> None:
        process = python(
            MANAGE, "rollback", "--all", "--reason", "x", database_url="postgres://postgres@127.0.0.1:1/no"
        )
        _, err = process.communicate(timeout=60)

        assert process.returncode == 1
        assert "PostgreSQL does not answer" in err
        assert "ROLLOUT_FORCE_ALL=off" in err


MANAGE = """
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


def _run(*words: str) -> tuple[str, str, int]:
    process = python(MANAGE, *words)
    out, err = process.communicate(timeout=60)
    return out, err, process.returncode


def _terminate(pid: int) -> None:
    """End another connection's backend, as a PostgreSQL that goes away does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    finally:
        connections.close_all()


def _follow(pk: Any) -> None:
    """Do as a worker does that hears of the newest version."""
    from rollout.propagation import control_version

    try:
        Worker.objects.filter(pk=pk).update(version=control_version())
    finally:
        connections.close_all()


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
