"""How workers learn: real processes on a PostgreSQL that really changes and goes away."""

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from statistics import median, quantiles
from typing import Any

import pytest

from rollout.models import Flag, Worker
from rollout.propagation import control_version, propagation
from rollout.snapshot import STALE_AFTER_S
from tests.rollout.proxy import Proxy, to_the_database
from tests.rollout.workers import FEATURE, Process, database_url, eventually

logger = logging.getLogger(__name__)
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
