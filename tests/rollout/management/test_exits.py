"""Exit codes, and waiting for every worker."""

import threading

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections

from rollout.management.answers import Busy, Failed, NotConfirmed, Refused, Unknown, Usage
from rollout.models import Flag, Worker
from tests.rollout.control import newest, worker
from tests.rollout.management.console import (
    ROOT,
    USERS,
    Said,
    catch_up,
    rollout,
    terminate,
    where,
)

pytestmark = pytest.mark.django_db


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
        follow = threading.Timer(0.3, catch_up, [one.pk])
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
        cut = threading.Timer(0.5, terminate, [pid])
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
