"""The filters over the stored spans, against the evaluator, over the whole sample guide; and who keeps the spans."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from jewgo.core.processes import free_port
from restaurants.foresight import AHEAD, BEFORE_SHABBAT
from restaurants.hours.closures import closures
from restaurants.hours.opening import opening_at, stretches
from restaurants.hours.schedule import Schedule, schedule_of
from restaurants.intake.guide import SAMPLE, import_guide
from restaurants.models import OpeningSpan, Restaurant
from restaurants.openings import (
    HORIZON,
    Answer,
    BeyondHorizon,
    Condition,
    open_at,
    open_before_shabbat,
    open_now,
    require_foreseen,
)
from restaurants.services.openings import due, extend

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
ANSWERS: tuple[Answer, ...] = ("open", "closed", "unknown")
NOW = datetime(2026, 9, 2, 15, 7, tzinfo=UTC)
"""Before Rosh Hashana on Shabbat and Sunday, and the Yom Kippur after it."""
MOMENTS = [NOW + timedelta(minutes=293 * step) for step in range(-4, 98)]


@pytest.fixture(scope="module")
def sample(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[int, Schedule]]:
    """Store the sample guide with the spans of `NOW`; every place's schedule by id."""
    with django_db_blocker.unblock(), transaction.atomic():
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True
        import_guide(SAMPLE)
        extend(due(NOW, everything=True), NOW)
        places = Restaurant.objects.published().prefetch_related("certificates__agency")
        yield {
            place.pk: schedule_of(
                place, [certificate.agency.candle_lighting_min for certificate in place.certificates.all()]
            )
            for place in places
        }
        transaction.set_rollback(True)


def found(condition: Condition) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT r.id FROM restaurants_restaurant r WHERE {condition.sql}", condition.params)
        return {pk for (pk,) in cursor.fetchall()}


def test_open_at_is_the_evaluators_word_for_every_place_at_many_moments(sample: dict[int, Schedule]) -> None:
    seen: set[str] = set()
    for moment in MOMENTS:
        said = {pk: opening_at(schedule, moment).status for pk, schedule in sample.items()}
        seen |= set(said.values())

        for answer in ANSWERS:
            assert found(open_at(moment, answer)) == {pk for pk, status in said.items() if status == answer}

    assert seen == set(ANSWERS)
    assert len(sample) == 604


def test_open_now_is_open_at_this_moment(sample: dict[int, Schedule]) -> None:
    for answer in ANSWERS:
        assert found(open_now(NOW, answer)) == found(open_at(NOW, answer))


def test_open_before_shabbat_looks_at_the_last_three_hours_before_the_next_candle_lighting(
    sample: dict[int, Schedule],
) -> None:
    for moment in (NOW, NOW + timedelta(days=4, hours=2), NOW + timedelta(days=9, hours=5)):
        said = {pk: before_shabbat(schedule, moment) for pk, schedule in sample.items()}

        for answer in ANSWERS:
            expected = {pk for pk, word in said.items() if word == answer}
            assert found(open_before_shabbat(moment, answer)) == expected
        assert {"open", "closed"} <= set(said.values())


def before_shabbat(schedule: Schedule, moment: datetime) -> Answer:
    """Say it minute by minute."""
    if schedule.custom is None:
        return "unknown"
    ahead = closures(schedule.custom, moment, moment + timedelta(days=9))
    lit = next(one.starts_at for one in ahead if one.holds_shabbat and one.starts_at > moment)
    minutes = [lit - timedelta(minutes=minute) for minute in range(1, BEFORE_SHABBAT // timedelta(minutes=1) + 1)]
    said = {opening_at(schedule, minute).status for minute in minutes}
    return "open" if "open" in said else "unknown" if "unknown" in said else "closed"


def test_a_place_whose_spans_do_not_reach_so_far_is_unknown_never_closed(sample: dict[int, Schedule]) -> None:
    late = NOW + AHEAD + timedelta(hours=1)

    assert found(open_now(late, "unknown")) == set(sample)
    assert found(open_now(late, "closed")) == found(open_now(late)) == set()
    assert found(open_before_shabbat(late, "unknown")) == set(sample)
    assert found(open_now(NOW - timedelta(days=2), "unknown")) == set(sample)


@pytest.mark.parametrize("away", [HORIZON + timedelta(seconds=1), timedelta(days=-1, seconds=-1)])
def test_a_moment_beyond_the_horizon_is_refused_with_the_horizon_named(away: timedelta) -> None:
    with pytest.raises(BeyondHorizon) as refused:
        require_foreseen(NOW + away, NOW)

    [problem] = refused.value.problems
    assert (refused.value.status, problem.code, problem.parameter) == (400, "beyond_horizon", "open_at")
    assert problem.hint == "Ask for a moment from 2026-09-01T15:07Z to 2026-09-22T15:07Z, 20 days ahead."


def test_which_places_are_open_walks_the_index_of_open_spans(sample: dict[int, Schedule]) -> None:
    condition = open_now(NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE restaurants_openingspan, restaurants_restaurant")
        cursor.execute(
            f"EXPLAIN SELECT r.id FROM restaurants_restaurant r WHERE {condition.sql}",
            condition.params,
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert re.search(r"Index Cond: .*during @>", plan), plan
    assert "Seq Scan on restaurants_openingspan" not in plan


def told(*arguments: str) -> Any:
    output = StringIO()
    call_command("openings", "--json", *arguments, stdout=output)
    return json.loads(output.getvalue())


def test_the_command_computes_what_is_due_and_nothing_the_second_time(sample: dict[int, Schedule]) -> None:
    at = timezone.now()
    Restaurant.objects.filter(pk__in=list(sample)[:300]).update(spans_until=None)
    extend(list(sample)[300:], at)

    first, second, all_of_them = told(), told("--once"), told("--all")

    assert (first["places"], second["places"], all_of_them["places"]) == (300, 0, 604)
    assert all_of_them["spans"] == OpeningSpan.objects.count()


def test_the_command_says_how_it_went(sample: dict[int, Schedule]) -> None:
    output = StringIO()

    call_command("openings", "--all", stdout=output)

    assert output.getvalue().startswith("604 places computed, ")


def test_deleted_places_are_left_alone(sample: dict[int, Schedule]) -> None:
    gone = next(iter(sample))
    Restaurant.objects.filter(pk=gone).update(deleted_at=NOW)

    assert gone not in due(timezone.now(), everything=True)


def test_extending_stops_after_a_batch_when_it_is_to_end(sample: dict[int, Schedule]) -> None:
    class Ending:
        def is_set(self) -> bool:
            return len(ticks) == 2

    ticks: list[int] = []

    done = extend(list(sample), NOW, ticks.append, Ending())  # type: ignore[arg-type]

    assert (done.places, ticks) == (400, [200, 200])


@pytest.mark.parametrize("every", ["0", "-1", "soon", "86401", "nan"])
def test_the_interval_has_to_make_sense(every: str) -> None:
    with pytest.raises(CommandError, match="is not 1 to 86400 seconds"):
        call_command("openings", "--every", every)


def test_a_sigterm_ends_the_loop_cleanly(sample: dict[int, Schedule]) -> None:
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    Timer(1, os.kill, (os.getpid(), signal.SIGTERM)).start()
    output = StringIO()

    try:
        call_command("openings", "--every", "3600", "--json", stdout=output)
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)

    assert len(output.getvalue().splitlines()) == 1


def without_a_database(*arguments: str) -> "subprocess.Popen[str]":
    """Start the command as a process of its own where PostgreSQL does not answer."""
    environment = {**os.environ, "DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port(None)}/none"}
    command = [sys.executable, "manage.py", "openings", "--skip-checks", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)


def test_without_a_database_the_command_fails_and_the_loop_goes_on_until_a_signal() -> None:
    with without_a_database() as once, without_a_database("--every", "1") as loop:
        assert once.stderr is not None
        assert loop.stderr is not None

        said = [loop.stderr.readline() for _ in range(2)]
        loop.send_signal(signal.SIGTERM)

        assert once.wait(30) == 1
        assert "PostgreSQL does not answer" in once.stderr.read()
        assert loop.wait(15) == 0
        assert said[0].startswith("PostgreSQL does not answer, trying again: ")


def test_stretches_and_spans_are_of_one_mind_about_the_whole_horizon(sample: dict[int, Schedule]) -> None:
    schedule = next(one for one in sample.values() if one.opening_hours)

    found = stretches(schedule, NOW, NOW + AHEAD)

    assert {one.status for one in found} == {"open", "closed"}
