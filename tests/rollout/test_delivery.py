"""What was noted arrives once: replayed, doubled, refused, after an outage, at the end of a process, after a fork."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from rollout.calls import Delivery
from rollout.eligibility import Reason
from rollout.link import Link
from rollout.models import FailureReport, Flush, HealthSample, SightingReport, Worker
from rollout.pulse import Reporter
from rollout.recording import Recorder
from rollout.snapshot import Holder
from rollout.statements import Told, report
from rollout.statements import Worker as Reporting
from tests.rollout.notes import FEATURE, OPERATION, call, decided
from tests.rollout.proxy import Proxy, to_the_database
from tests.rollout.workers import Process, database_url, eventually


@pytest.fixture
def notes() -> Recorder:
    return Recorder()


def sums() -> tuple[int, int, int]:
    """Return what has arrived: calls, failing people, people seen."""
    calls = sum(HealthSample.objects.values_list("calls", flat=True))
    return calls, FailureReport.objects.count(), SightingReport.objects.count()


@pytest.fixture
def links(transactional_db: None) -> Iterator[Callable[..., Link]]:
    """Connections as the pulse has them, to the database or to a proxy before it."""
    with ExitStack() as stack:

        def opened(**elsewhere: Any) -> Link:
            made = Link({**connection.get_connection_params(), **elsewhere})
            stack.callback(made.close)
            return made

        yield opened


def worker() -> Reporting:
    return Reporting(uuid4(), "web", 7, "r1", {})


def noted(notes: Recorder) -> Delivery:
    """Return a delivery of five calls by two people, one of whom fails."""
    for who in ("u:1", "u:1", "u:1", "u:2"):
        notes.note(call(who), 5)
    notes.note(call("u:1", fails=True), 70)
    delivery = notes.next_delivery()
    assert delivery is not None
    return delivery


def test_a_delivery_says_the_same_in_the_tables(links: Callable[..., Link], notes: Recorder) -> None:
    for bad in (True, False):
        notes.note(call("u:1", fails=bad, instead=None if bad else Reason.BULKHEAD), 70)

    report(links().ask, worker(), Told(7, (), notes.next_delivery()))

    sample = HealthSample.objects.get()
    failure = FailureReport.objects.get()
    seen = SightingReport.objects.get()
    assert (sample.feature, sample.operation, sample.arm) == (FEATURE, OPERATION, decided("u:1").arm)
    assert (sample.calls, sample.eligible, sample.failures, sample.recovered, sample.bulkhead) == (2, 2, 1, 1, 1)
    assert (sample.total_ms, sample.counts, sample.resolution_s) == (140, [2], 1)
    assert sample.at.microsecond == 0
    assert (failure.identity, failure.attempt, failure.share, failure.metric) == ("u:1", 3, 0.5, "failures")
    assert (seen.identity, seen.attempt, seen.share, seen.arm) == ("u:1", 3, 0.5, sample.arm)


def test_a_delivery_that_is_repeated_adds_nothing(links: Callable[..., Link], notes: Recorder) -> None:
    told, who, ask = Told(7, (), noted(notes)), worker(), links().ask

    for _ in range(3):
        report(ask, who, told)

    assert sums() == (5, 1, 2)
    assert Flush.objects.count() == 1


def test_a_delivery_that_two_connections_send_at_once_counts_once(links: Callable[..., Link], notes: Recorder) -> None:
    told, who = Told(7, (), noted(notes)), worker()
    both = threading.Barrier(4)

    def send(_: int) -> None:
        opened = links()
        opened.ask("SELECT 1", {})
        both.wait(10)
        report(opened.ask, who, told)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(4)))

    assert sums() == (5, 1, 2)


def test_two_workers_may_use_the_same_numbers(links: Callable[..., Link], notes: Recorder) -> None:
    told, ask = Told(7, (), noted(notes)), links().ask

    report(ask, worker(), told)
    report(ask, worker(), told)

    assert sums() == (10, 2, 4)


def test_a_delivery_that_the_tables_refuse_does_not_stop_the_heartbeat_nor_what_comes_after(
    links: Callable[..., Link], notes: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    reporter, ask = Reporter(Holder(), notes), links().ask
    for refused in (replace(call(), operation="\x00"), replace(call(), feature="x" * 101)):
        notes.note(refused, 5)
        reporter.beat(ask)
    notes.note(call("u:2"), 5)
    reporter.beat(ask)

    assert Worker.objects.filter(id=reporter.worker.id).exists()
    assert sums() == (1, 0, 1)
    assert [record.levelname for record in caplog.records if record.name == "rollout.pulse"] == ["ERROR"] * 2


def test_an_orderly_end_delivers_what_is_in_hand_and_what_came_since_even_past_a_refused_one(
    links: Callable[..., Link], notes: Recorder
) -> None:
    reporter, ask = Reporter(Holder(), notes), links().ask
    notes.note(replace(call(), operation="\x00"), 5)
    notes.next_delivery()
    notes.note(call(), 5)

    reporter.leave(ask)

    assert sums()[0] == 1
    assert not Worker.objects.exists()


@pytest.mark.parametrize("goes", [Proxy.cut, Proxy.silence], ids=["refused", "unanswered"])
def test_the_counts_of_an_outage_arrive_once_when_the_database_is_back(
    links: Callable[..., Link], notes: Recorder, goes: Callable[[Proxy], None]
) -> None:
    proxy = to_the_database()
    reporter = Reporter(Holder(), notes)
    opened = links(host="127.0.0.1", port=proxy.port)
    notes.note(call("u:1"), 5)
    reporter.beat(opened.ask)
    goes(proxy)
    for who in ("u:1", "u:2", "u:3"):
        notes.note(call(who, fails=True), 5)
        with pytest.raises(Exception, match=r"."):
            reporter.beat(opened.ask)
    proxy.close()

    direct = links().ask
    reporter.beat(direct)
    reporter.beat(direct)
    reporter.beat(direct)

    assert sums() == (4, 3, 3)


def test_a_delivery_whose_acknowledgement_is_lost_is_repeated_and_counts_once(
    links: Callable[..., Link], notes: Recorder
) -> None:
    proxy = to_the_database()
    reporter = Reporter(Holder(), notes)
    opened = links(host="127.0.0.1", port=proxy.port)
    reporter.beat(opened.ask)
    notes.note(call("u:1"), 5)
    proxy.loses_answer_to = b"rollout_flush"
    with pytest.raises(Exception, match=r"."):
        reporter.beat(opened.ask)
    arrived = sums()
    notes.note(call("u:1"), 5)

    reporter.beat(opened.ask)
    reporter.beat(opened.ask)
    proxy.close()

    assert arrived == (1, 0, 1)
    assert sums() == (2, 0, 1)


# In real processes


@pytest.fixture
def start(transactional_db: None) -> Iterator[Callable[..., Process]]:
    with ExitStack() as stack:

        def started(*how: str, **environ: str) -> Process:
            process = Process(*how, **environ)
            stack.callback(process.end)
            process.wait_until_ready()
            return process

        yield started


def arrived(operation: str = "tests.worker") -> int:
    return sum(HealthSample.objects.filter(operation=operation).values_list("calls", flat=True))


def test_a_worker_that_ends_in_order_delivers_what_it_had(start: Callable[..., Process]) -> None:
    process = start()
    for number in range(300):
        process.decide(f"u:{number}")

    process.leave()

    assert arrived() == 300


def test_a_forked_child_does_not_deliver_its_parents_notes(start: Callable[..., Process]) -> None:
    process = start("forked")
    for number in range(10):
        process.decide(f"u:{number}")

    process.leave()

    assert (arrived(), arrived("tests.parent")) == (10, 1)


def test_a_worker_whose_database_was_away_delivers_the_calls_of_the_outage_once(start: Callable[..., Process]) -> None:
    proxy = to_the_database()
    process = start(DATABASE_URL=database_url(port=proxy.port))
    for number in range(100):
        process.decide(f"u:{number}")
        if number == 30:
            proxy.cut()
        if number == 70:
            proxy.mend()

    eventually(lambda: arrived() == 100, within_s=20)
    process.leave()
    proxy.close()

    assert arrived() == 100
