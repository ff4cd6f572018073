"""How a worker learns: beats by hand, then real processes on a PostgreSQL that really changes."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from rollout import pulse, snapshot
from rollout.link import Link, LinkTimeout
from rollout.models import Drill, Flag, Override, Worker
from rollout.propagation import control_version, propagation
from rollout.snapshot import STALE_AFTER_S, Snapshot
from tests.rollout.proxy import Proxy, to_the_database
from tests.rollout.workers import FEATURE, Process, database_url, eventually

logger = logging.getLogger(__name__)

# A beat, by hand


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


# When a request refreshes


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


# The link


@pytest.fixture
def server() -> dict[str, Any]:
    return connection.get_connection_params()


def test_the_link_gives_up_on_a_server_that_does_not_answer_in_time(server: dict[str, Any]) -> None:
    link = Link(server)

    start = time.monotonic()
    with pytest.raises(LinkTimeout):
        link.ask("SELECT pg_sleep(5)", {}, timeout_s=0.2)
    took = time.monotonic() - start
    again = link.ask("SELECT 1", {})
    link.close()

    assert took < 4  # the statement would have taken 5 s
    assert again == [(1,)]


def test_the_link_wakes_at_once_when_postgresql_notifies(server: dict[str, Any]) -> None:
    link, other = Link(server), Link(server)
    link.ask("SELECT 1", {})

    other.ask("NOTIFY rollout, '7'", {})
    start = time.monotonic()
    link.wait(5)
    took = time.monotonic() - start
    link.close()
    other.close()

    assert took < 4  # a wait that heard nothing would have taken 5 s


def test_the_link_hears_what_was_notified_while_it_was_asking(server: dict[str, Any]) -> None:
    link, other = Link(server), Link(server)
    link.ask("SELECT 1", {})
    other.ask("SELECT 1", {})
    notifying = threading.Timer(0.1, other.ask, ["NOTIFY rollout, '7'", {}])
    notifying.start()

    link.ask("SELECT pg_sleep(0.3)", {})
    start = time.monotonic()
    link.wait(5)
    took = time.monotonic() - start
    start = time.monotonic()
    link.wait(0.2)
    quiet = time.monotonic() - start
    notifying.join()
    link.close()
    other.close()

    assert took < 4  # a wait that heard nothing would have taken 5 s
    assert quiet >= 0.2


def test_the_link_connects_anew_after_its_backend_was_killed(server: dict[str, Any]) -> None:
    link, other = Link(server), Link(server)
    ((pid,),) = link.ask("SELECT pg_backend_pid()", {})

    other.ask("SELECT pg_terminate_backend(%(pid)s)", {"pid": pid})
    start = time.monotonic()
    link.wait(5)
    noticed = time.monotonic() - start
    with suppress(psycopg2.Error):  # it may take one more question to see that it is gone for good
        link.ask("SELECT 1", {})
    answer = link.ask("SELECT 1", {})
    link.close()
    other.close()

    assert noticed < 1
    assert answer == [(1,)]


# Real processes


Start = Callable[..., list[Process]]


@pytest.fixture
def start(transactional_db: None) -> Iterator[Start]:
    with ExitStack() as stack:

        def started(count: int, *how: str, **environ: str) -> list[Process]:
            processes = [Process(*how, **environ) for _ in range(count)]
            for process in processes:
                stack.callback(process.end)
                process.wait_until_ready()
            return processes

        yield started


def set_stage(stage: str, percentage: int) -> int:
    Flag.objects.filter(name=FEATURE).update(stage=stage, percentage=percentage, holdout=0)
    return control_version()


def applied(version: int, *workers: Process) -> Callable[[], bool]:
    """Return the question whether each of the workers has acknowledged the version."""
    pids = [worker.pid for worker in workers]
    return lambda: Worker.objects.filter(pid__in=pids, version__gte=version).count() == len(pids)


def test_the_first_request_of_a_worker_already_knows_the_flags(start: Start) -> None:
    set_stage("full", 100)

    (worker,) = start(1)

    assert worker.decide("u:1")[1:3] == ["candidate", "static"]


def test_a_change_reaches_four_workers_and_each_says_so(start: Start) -> None:
    workers = start(4)
    eventually(applied(1, *workers))
    pids = {worker.pid for worker in workers}
    delays = []
    for turn in range(30):
        version = set_stage("full" if turn % 2 else "disabled", 100 * (turn % 2))
        eventually(applied(version, *workers))
        delays += [seen.lag_s for seen in propagation().workers if seen.pid in pids and seen.lag_s is not None]
        expected = "candidate" if turn % 2 else "control"
        assert {tuple(worker.decide("u:1")[:2]) for worker in workers} == {(version, expected)}

    p95 = quantiles(delays, n=20)[-1]
    logger.info(
        "propagation in ms: p50 %.1f, p95 %.1f, max %.1f", *(1e3 * one for one in (median(delays), p95, max(delays)))
    )
    assert max(delays) <= 1.5


def test_a_forked_worker_has_a_pulse_of_its_own(start: Start) -> None:
    (worker,) = start(1, "forked")
    eventually(lambda: Worker.objects.count() >= 2)

    version = set_stage("full", 100)
    seen = worker.decide("u:1")
    eventually(lambda: worker.decide("u:1")[:2] == [version, "candidate"])

    assert set(Worker.objects.values_list("pid", flat=True)) >= {worker.pid, seen[3]}
    assert worker.pid != seen[3]


def test_every_worker_decides_alike(start: Start) -> None:
    set_stage("partial", 50)
    workers = start(3)
    identities = [f"u:{number}" for number in range(40)]

    answers = [[worker.decide(identity)[1] for identity in identities] for worker in workers]

    assert answers[0] == answers[1] == answers[2]
    assert set(answers[0]) == {"control", "candidate"}


def test_a_worker_that_leaves_takes_its_row_along(start: Start) -> None:
    (worker,) = start(1)
    eventually(applied(1, worker))

    worker.leave()

    assert not Worker.objects.filter(pid=worker.pid).exists()


def test_a_worker_that_is_killed_leaves_its_row_to_the_lease(start: Start) -> None:
    (worker,) = start(1)
    eventually(applied(1, worker))

    worker.end()

    assert Worker.objects.filter(pid=worker.pid).exists()


def test_a_worker_reports_what_its_environment_forces(start: Start) -> None:
    set_stage("full", 100)
    (worker,) = start(1, ROLLOUT_FORCE_API_V4_ENABLED="off")

    decision = worker.decide("u:1")
    eventually(applied(1, worker))

    assert decision[1:3] == ["control", "forced"]
    assert Worker.objects.get(pid=worker.pid).forces == {"ROLLOUT_FORCE_API_V4_ENABLED": "off"}


def test_a_stopped_worker_learns_what_it_missed_once_it_goes_on(start: Start) -> None:
    (worker,) = start(1)
    eventually(applied(1, worker))
    worker.signal(signal.SIGSTOP)
    version = set_stage("full", 100)

    assert not applied(version, worker)()
    worker.signal(signal.SIGCONT)
    eventually(applied(version, worker))

    assert worker.decide("u:1")[1] == "candidate"


@pytest.fixture
def proxied() -> Iterator[Callable[..., Proxy]]:
    with ExitStack() as stack:

        def opened(**how: Any) -> Proxy:
            proxy = to_the_database(**how)
            stack.callback(proxy.close)
            return proxy

        yield opened


@pytest.mark.parametrize("goes", [Proxy.cut, Proxy.silence], ids=["refused", "unanswered"])
def test_while_the_database_is_away_decisions_stay_and_nobody_waits(
    start: Start, proxied: Callable[..., Proxy], goes: Callable[[Proxy], None]
) -> None:
    proxy = proxied()
    set_stage("full", 100)
    (worker,) = start(1, DATABASE_URL=database_url(port=proxy.port))
    known = worker.decide("u:1")

    goes(proxy)
    time.sleep(STALE_AFTER_S + 0.5)  # from then on a request refreshes
    began = time.monotonic()
    answers = [worker.decide("u:1") for _ in range(50)]
    took = time.monotonic() - began

    assert known[1] == "candidate"
    assert answers == [known] * 50
    assert took < 6  # each waiting its 250 ms would have taken 12.5 s


def test_a_worker_that_starts_while_the_database_is_away_serves_control_until_it_returns(
    start: Start, proxied: Callable[..., Proxy]
) -> None:
    proxy = proxied()
    proxy.cut()
    set_stage("full", 100)
    (worker,) = start(1, DATABASE_URL=database_url(port=proxy.port))

    away = worker.decide("u:1")
    proxy.mend()

    assert away[:3] == [0, "control", "error"]
    assert eventually(lambda: worker.decide("u:1")[1] == "candidate") < 1.2


def test_a_worker_is_up_to_date_within_a_second_of_the_databases_return(
    start: Start, proxied: Callable[..., Proxy]
) -> None:
    proxy = proxied()
    (worker,) = start(1, DATABASE_URL=database_url(port=proxy.port))
    worker.decide("u:1")
    proxy.cut()
    time.sleep(1)

    version = set_stage("full", 100)
    proxy.mend()

    assert eventually(lambda: worker.decide("u:1")[0] == version) < 1.2


@pytest.mark.parametrize("heard", [b"LISTEN r_llout", b"L_STEN rollout"], ids=["in vain", "refused"])
def test_behind_a_pooler_that_cannot_listen_a_worker_asks_once_a_second(
    start: Start, proxied: Callable[..., Proxy], heard: bytes
) -> None:
    proxy = proxied(rewrites=(b"LISTEN rollout", heard))
    (worker,) = start(1, DATABASE_URL=database_url(port=proxy.port))
    worker.decide("u:1")

    version = set_stage("full", 100)

    assert eventually(applied(version, worker)) < 1.5
