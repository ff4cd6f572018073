"""`manage.py rollout_guard`: what somebody at a terminal, a supervisor and cron meet."""

import argparse
import io
import json
import signal
from datetime import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from rollout.guard.evaluator import _LOCK
from rollout.management import watching
from rollout.models import Flag, Guard, HealthSample
from rollout.services import RolloutService
from tests.rollout.control import TERMS, worker
from tests.rollout.guard.guards import guard, until
from tests.rollout.guard.history import Second, store
from tests.rollout.proxy import to_the_database

FEATURE = "api_v4_restaurants"


def once(*words: str) -> str:
    out = io.StringIO()
    call_command("rollout_guard", "--once", *words, stdout=out)
    return out.getvalue()


def start_everything() -> None:
    RolloutService().start(list(Flag.objects.values_list("name", flat=True)), **TERMS)


def ticks() -> int:
    row = Guard.objects.first()
    return row.ticks if row else 0


def now_s_ago(seconds: int) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_trunc('second', clock_timestamp()) - make_interval(secs => %s)", [seconds])
        at: datetime = cursor.fetchone()[0]
    return at


# Once


@pytest.mark.django_db
def test_once_says_of_every_feature_under_way_what_it_thinks_and_why() -> None:
    start_everything()

    first = once()
    Guard.objects.update(ticked_at=now_s_ago(10))  # the one that looked before leads for three seconds
    second = once()

    assert "api_v4_enabled" in first
    assert "it decides from its second look on" in " ".join(first.split())
    assert "No worker has reported anything yet." in " ".join(second.split())
    assert ticks() == 2


@pytest.mark.django_db
def test_once_as_json_is_one_document_with_all_that_the_verdict_rests_on() -> None:
    start_everything()

    told: dict[str, Any] = json.loads(once("--json"))

    (restaurants,) = [one for one in told["features"] if one["feature"] == FEATURE]
    assert (told["leads"], told["moves"]) == (True, [])
    assert (restaurants["verdict"], restaurants["reason"]) == ("hold", "first_look")
    assert {"window", "limits", "evidence", "people", "sample_ratio"} <= restaurants.keys()


@pytest.mark.django_db
def test_once_keeps_house_too() -> None:
    store([Second(now_s_ago(90), FEATURE, "restaurants.search", "control", 5)])

    once()

    assert HealthSample.objects.filter(resolution_s=60).count() == 1


@pytest.mark.django_db
def test_with_nothing_under_way_there_is_nothing_to_judge() -> None:
    assert "No feature is under way; there is nothing to judge." in once()


@pytest.mark.django_db
def test_an_installation_without_features_is_watched_without_complaint() -> None:
    Flag.objects.exclude(prerequisite=None).delete()
    Flag.objects.all().delete()

    assert "No feature is under way" in once()
    assert json.loads(once("--json"))["features"] == []


@pytest.mark.django_db(transaction=True)
def test_while_another_guard_leads_once_does_nothing_and_says_so() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])

        with guard("--once") as other:
            code = other.ended()

    assert code == 0
    assert "Another guard leads; this one did nothing." in "".join(other.out)
    assert ticks() == 0


# Its arguments


@pytest.mark.parametrize("text", ["0", "0.09", "61", "-1", "nan", "soon", ""])
def test_the_seconds_between_two_looks_are_a_tenth_to_sixty(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"is not 0\.1 to 60 seconds"):
        watching.every(text)

    assert (watching.every("0.1"), watching.every("60")) == (0.1, 60.0)


@pytest.mark.django_db(transaction=True)
def test_seconds_out_of_range_end_as_usage() -> None:
    with guard("--every", "3600") as wrong:
        code = wrong.ended()

    assert code == 2
    assert wrong.has_said("'3600' is not 0.1 to 60 seconds")


# The loop


@pytest.mark.django_db(transaction=True)
def test_the_loop_says_each_change_of_mind_in_a_line_and_ends_in_order_on_sigterm() -> None:
    start_everything()

    with guard("--every", "0.1") as running:
        running.wait_for(f"{FEATURE} HOLD first_look")
        worker(1, seen_s_ago=-600)
        store([Second(now_s_ago(1), FEATURE, "restaurants.search", "candidate", 5)])
        running.wait_for(f"{FEATURE} READY testers_only: Only testers are on v4")
        seen = ticks()
        until(lambda: ticks() > seen + 3)
        running.send(signal.SIGTERM)
        code = running.ended()

    of_feature = [line.split()[2:4] for line in running.out if f" {FEATURE} " in line]
    assert of_feature == [["HOLD", "first_look:"], ["READY", "testers_only:"]]
    assert code == 0
    assert running.has_said("This guard leads.")


@pytest.mark.django_db(transaction=True)
def test_sigterm_does_not_wait_for_the_next_look() -> None:
    with guard("--every", "60") as running:
        until(lambda: ticks() == 1)
        running.send(signal.SIGTERM)

        assert running.ended() == 0


@pytest.mark.django_db(transaction=True)
def test_as_json_each_line_is_a_document() -> None:
    start_everything()

    with guard("--every", "0.1", "--json") as running:
        running.wait_for("no_data")
        running.send(signal.SIGINT)
        code = running.ended()

    told = [json.loads(line) for line in running.out]
    assert {one["reason"] for one in told if one["feature"] == FEATURE} == {"first_look", "no_data"}
    assert all(one["at"] for one in told)
    assert code == 0


@pytest.mark.django_db(transaction=True)
def test_a_guard_says_that_it_stands_by_and_when_it_leads() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        running = guard("--every", "0.1")
        other = running.__enter__()
        other.wait_for("Another guard leads; this one stands by.")

    other.wait_for("This guard leads.")
    running.__exit__(None, None, None)

    assert not other.has_said("cannot")


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_said_once_and_so_is_its_return() -> None:
    start_everything()
    proxy, own = to_the_database(), connection.settings_dict
    url = f"postgres://{own['USER']}:{own['PASSWORD']}@127.0.0.1:{proxy.port}/{own['NAME']}"

    with guard("--every", "0.1", database_url=url) as running:
        until(lambda: ticks() > 1)
        proxy.cut()
        running.wait_for("The guard cannot look; nothing is changed, and it tries again.")
        seen = ticks()
        proxy.mend()
        until(lambda: ticks() > seen + 3)
        running.wait_for("The guard can look again.")
        running.send(signal.SIGTERM)
        code = running.ended()
    proxy.close()

    assert code == 0
    assert "Traceback" not in "".join(running.err)
    assert sum("cannot look" in line for line in running.err) <= 2  # cut while it spoke, then when it tried to connect
