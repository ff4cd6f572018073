"""How a worker learns: beats by hand."""

import os
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from rollout import pulse, snapshot
from rollout.models import Drill, Flag, Override, Worker
from rollout.propagation import control_version
from rollout.snapshot import Snapshot
from tests.rollout.workers import FEATURE


@pytest.mark.django_db
def test_the_first_beat_reports_the_worker_and_learns_everything() -> None:
    pulse.beat()

    worker = Worker.objects.get()
    assert (worker.pid, worker.version) == (os.getpid(), control_version())
    assert snapshot.current().version == control_version()
    assert snapshot.current().flags.keys() == settings.ROLLOUT["FEATURES"].keys()


@pytest.mark.django_db
def test_a_beat_with_nothing_new_is_one_round_trip(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    pulse.beat()
    before = snapshot.current()

    with django_assert_num_queries(1):
        pulse.beat()

    assert snapshot.current() is before


@pytest.mark.django_db
def test_a_beat_after_a_change_loads_in_one_statement_and_acknowledges_at_once(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    pulse.beat()
    Flag.objects.filter(name=FEATURE).update(stage="partial", percentage="12.50", holdout="10")

    with django_assert_num_queries(3):
        pulse.beat()

    flag = snapshot.current().flags[FEATURE]
    assert (flag.stage, str(flag.percentage), str(flag.holdout)) == ("partial", "12.50", "10.00")
    assert Worker.objects.get().version == control_version()


@pytest.mark.django_db
def test_everything_that_decides_travels_in_the_snapshot() -> None:
    flag = Flag.objects.get(name="api_v4_restaurants")
    Override.objects.create(flag=flag, identity="u:5", is_in=False)
    now = timezone.now()
    common = {
        "flag": flag,
        "rate": 0.5,
        "started_at": now - timedelta(minutes=2),
        "actor": "cli:dana",
        "reason": "drill",
    }
    Drill.objects.create(
        **common, fault="slow", delay_ms=300, expires_at=now + timedelta(minutes=1), identities=["u:5"]
    )
    Drill.objects.create(**common, fault="error", expires_at=now - timedelta(minutes=1))
    Drill.objects.create(**common, fault="error", expires_at=now + timedelta(minutes=1), ended_at=now)

    pulse.beat()

    state = snapshot.current().flags[flag.name]
    (drill,) = state.drills
    assert (state.id, state.cohort, state.prerequisite) == (flag.pk, flag.cohort, FEATURE)
    assert state.overrides == {"u:5": False}
    assert (drill.fault, drill.rate, drill.delay_ms, drill.identities) == ("slow", 0.5, 300, frozenset({"u:5"}))
    assert drill.expires_at == now + timedelta(minutes=1)


@pytest.mark.django_db
def test_a_worker_whose_installation_allows_no_drills_meets_none(settings: Any) -> None:
    now = timezone.now()
    ends = now + timedelta(minutes=1)
    flag = Flag.objects.get(name=FEATURE)
    Drill.objects.create(
        flag=flag, fault="error", rate=1, started_at=now, expires_at=ends, actor="cli:dana", reason="x"
    )
    settings.ROLLOUT = {**settings.ROLLOUT, "DRILLS": False}

    pulse.beat()

    assert snapshot.current().drills(FEATURE) == ()


@pytest.mark.django_db
def test_applied_at_tells_since_when_the_version_is_applied() -> None:
    start = timezone.now()
    pulse.beat(now=start)
    pulse.beat(now=start + timedelta(seconds=1))
    steady = Worker.objects.get()
    Flag.objects.filter(name=FEATURE).update(note="changed")
    pulse.beat(now=start + timedelta(seconds=2))
    changed = Worker.objects.get()

    assert (steady.applied_at, steady.seen_at) == (start, start + timedelta(seconds=1))
    assert changed.applied_at == start + timedelta(seconds=2)
    assert changed.started_at == start


@pytest.mark.django_db
def test_a_worker_that_was_not_heard_of_for_a_minute_is_forgotten() -> None:
    now = timezone.now()
    for age_s in (59, 61):
        seen = now - timedelta(seconds=age_s)
        Worker.objects.create(
            id=uuid4(), host="h", pid=age_s, started_at=seen, seen_at=seen, version=1, applied_at=seen
        )

    pulse.beat(now=now)

    assert set(Worker.objects.values_list("pid", flat=True)) == {59, os.getpid()}


@pytest.mark.django_db
def test_a_command_reads_the_flags_without_reporting_itself() -> None:
    view = pulse.view()

    assert view.flags.keys() == settings.ROLLOUT["FEATURES"].keys()
    assert not Worker.objects.exists()


def test_a_worker_that_never_had_a_view_serves_control() -> None:
    decision = snapshot.current().decide(FEATURE, "u:1")

    assert (decision.arm, decision.reason) == ("control", "error")


def test_where_the_settings_say_so_there_is_no_pulse() -> None:
    pulse.ensure_fresh()

    assert not pulse.is_running()


def test_a_view_is_stale_once_nobody_confirmed_it_for_three_seconds() -> None:
    now = 100.0
    held = snapshot.Holder(clock=lambda: now)
    before = held.is_stale
    held.replace(Snapshot((), version=1, secret="x"))
    now = 103.0
    in_time = held.is_stale
    now = 103.1
    late = held.is_stale
    held.confirm()

    assert (before, in_time, late, held.is_stale) == (True, False, True, False)
