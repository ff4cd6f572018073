"""What a worker notes in memory: sums, bounded lists, and deliveries that wait until they are acknowledged."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rollout.calls import Delivery
from rollout.identity import Source
from rollout.recording import MOST_FAILURES, MOST_SIGHTINGS, SEEN_AGAIN_AFTER_S, Recorder
from tests.rollout.control import Turned
from tests.rollout.notes import FEATURE, call, decided


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
def notes(clock: Turned) -> Recorder:
    return Recorder(clock)


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


def test_who_was_seen_where_there_was_no_room_is_reported_when_they_call_again(notes: Recorder) -> None:
    last = f"u:{MOST_SIGHTINGS}"
    for number in range(MOST_SIGHTINGS + 1):
        notes.note(call(f"u:{number}"), 5)
    first = delivered(notes).sightings
    for who in ("u:0", last):
        notes.note(call(who), 5)

    assert len(first) == MOST_SIGHTINGS
    assert [told["identity"] for told in delivered(notes).sightings] == [last]


@pytest.mark.parametrize(("source", "is_eligible"), [("header", True), ("network", True), ("user", False)])
def test_who_is_no_evidence_is_counted_and_not_named(notes: Recorder, source: Source, is_eligible: bool) -> None:
    notes.note(call(source=source, fails=True, is_eligible=is_eligible), 5)

    told = delivered(notes)

    assert [(row["calls"], row["failures"], row["eligible"]) for row in told.samples] == [(1, 1, 0)]
    assert told.failures == told.sightings == []


def test_somebody_who_keeps_failing_is_named_once_in_a_delivery_and_again_in_the_next(notes: Recorder) -> None:
    named = []
    for _ in range(2):
        for _ in range(MOST_FAILURES + 10):
            notes.note(call(fails=True), 5)
        told = delivered(notes)
        named.append((len(told.failures), told.samples[0]["failures"], told.samples[0]["lost"]))

    assert named == [(1, MOST_FAILURES + 10, 0)] * 2


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
