"""What a worker has noted arrives once: replayed, doubled, refused, after an outage, at the end of a process."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from rollout.calls import Call, Delivery
from rollout.eligibility import Decision, FlagState, Reason
from rollout.identity import Identity, Source
from rollout.link import Link
from rollout.models import FailureReport, Flush, HealthSample, SightingReport, Worker
from rollout.pulse import Reporter
from rollout.recording import MOST_FAILURES, SEEN_AGAIN_AFTER_S, Recorder
from rollout.snapshot import Holder, Snapshot
from rollout.stages import Stage
from rollout.statements import Told, report
from rollout.statements import Worker as Reporting
from tests.rollout.proxy import Proxy, to_the_database
from tests.rollout.workers import Process, database_url, eventually

FEATURE, OPERATION = "api_v4_restaurants", "restaurants.search"
FLAG = FlagState(1, FEATURE, "api_v4", Stage.PARTIAL, Decimal(50), attempt=3)


class Turned:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
def notes(clock: Turned) -> Recorder:
    return Recorder(clock)


def decided(who: str, version: int = 7) -> Decision:
    return Snapshot([FLAG], version=version, secret="tests").decide(FEATURE, who)


def call(who: str = "u:1", *, version: int = 7, source: Source = "user", fails: bool = False, **about: Any) -> Call:
    made = Call(FEATURE, OPERATION, Identity(who, source), decided(who, version), FLAG, **about)
    if fails:
        made.blame(ZeroDivisionError(), recovered=True)
    return made


def delivered(notes: Recorder) -> Delivery:
    """Return what was noted since the last delivery, and let go of it."""
    delivery = notes.next_delivery()
    assert delivery is not None
    notes.delivered(delivery)
    return delivery


def people(arm: str, count: int) -> list[str]:
    """Return so many identities of one arm."""
    found = (f"u:{number}" for number in range(10 * count))
    return [who for who in found if decided(who).arm == arm][:count]


# In memory


def test_without_calls_there_is_nothing_to_deliver(notes: Recorder) -> None:
    assert notes.next_delivery() is None


def test_a_delivery_is_offered_again_as_it_was_until_it_is_acknowledged(notes: Recorder) -> None:
    notes.note(call(), 5)
    first = notes.next_delivery()
    notes.note(call(), 5)
    again = notes.next_delivery()
    notes.delivered(first)
    second = notes.next_delivery()

    assert again is first
    assert first is not None
    assert second is not None
    assert (first.sequence, second.sequence) == (1, 2)
    assert [row["calls"] for row in first.samples + second.samples] == [1, 1]


def test_somebody_is_reported_as_seen_once_in_five_minutes(notes: Recorder, clock: Turned) -> None:
    seen = []
    for after_s in (0, SEEN_AGAIN_AFTER_S - 1, 2):
        clock.now += after_s
        notes.note(call(), 5)
        notes.note(call(), 5)
        seen.append(len(delivered(notes).sightings))
    notes.note(call(), 5)

    assert seen == [1, 0, 0]
    assert len(delivered(notes).sightings) == 1  # the five minutes were over at the last delivery


def test_somebody_is_reported_anew_after_every_change_of_the_control_state(notes: Recorder) -> None:
    for version in (7, 7, 8, 8):
        notes.note(call(version=version), 5)

    told = delivered(notes).sightings

    assert [(one["identity"], one["feature"], one["attempt"]) for one in told] == [("u:1", FEATURE, 3)] * 2


@pytest.mark.parametrize(("source", "is_eligible"), [("header", True), ("network", True), ("user", False)])
def test_who_is_no_evidence_is_counted_and_not_named(notes: Recorder, source: Source, is_eligible: bool) -> None:
    notes.note(call(source=source, fails=True, is_eligible=is_eligible), 5)

    told = delivered(notes)

    assert [(row["calls"], row["failures"], row["eligible"]) for row in told.samples] == [(1, 1, 0)]
    assert told.failures == told.sightings == []


def test_somebody_who_keeps_failing_is_named_once_in_a_delivery_and_again_in_the_next(notes: Recorder) -> None:
    named = []
    for _ in range(2):
        for _ in range(10):
            notes.note(call(fails=True), 5)
        told = delivered(notes)
        named.append((len(told.failures), told.samples[0]["failures"], told.samples[0]["lost"]))

    assert named == [(1, 10, 0)] * 2


def test_beyond_five_hundred_failing_people_of_an_arm_the_rest_is_counted_as_lost(notes: Recorder) -> None:
    for who in people("candidate", MOST_FAILURES + 20) + people("control", 30):
        notes.note(call(who, fails=True), 5)

    told = delivered(notes)

    lost = {row["arm"]: (row["failures"], row["lost"]) for row in told.samples}
    assert lost == {"candidate": (MOST_FAILURES + 20, 20), "control": (30, 0)}
    assert len(told.failures) == MOST_FAILURES + 30


def test_the_sums_over_many_threads_are_the_number_of_calls_exactly(notes: Recorder) -> None:
    threads, each = 8, 4_000
    deliveries: list[Delivery] = []
    is_over = threading.Event()

    def serve(number: int) -> None:
        for turn in range(each):
            notes.note(call(f"u:{turn % 50}", fails=turn % 10 == number), 0.1 * (turn % 100))

    def deliver() -> None:
        while not is_over.wait(0.001):
            if notes.next_delivery() is not None:
                deliveries.append(delivered(notes))

    with ThreadPoolExecutor(threads + 1) as pool:
        delivering = pool.submit(deliver)
        list(pool.map(serve, range(threads)))
        is_over.set()
        delivering.result()
    if notes.next_delivery() is not None:
        deliveries.append(delivered(notes))

    rows = [row for delivery in deliveries for row in delivery.samples]
    assert sum(row["calls"] for row in rows) == sum(sum(row["counts"]) for row in rows) == threads * each
    assert sum(row["failures"] for row in rows) == threads * each // 10
    assert len(deliveries) > 1


# In the tables


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

    def send(_: int) -> tuple[int, bool]:
        opened = links()
        opened.ask("SELECT 1", {})
        both.wait(10)
        return report(opened.ask, who, told)

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
