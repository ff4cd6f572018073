"""What is noted of a call of a switch: on whose arm, how it went, and whether it may be evidence."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import DjangoDbBlocker

from jewgo.core.errors import Forbidden, InvalidInput, NotFound, OutcomeUnknown, Unavailable
from jewgo.core.middleware import request_id
from rollout import pulse, registry, turns
from rollout.eligibility import FlagState, Measure
from rollout.forces import Forces
from rollout.identity import DEVICE_COOKIE, sign_device
from rollout.models import Flag, Worker
from rollout.recording import recorder
from rollout.snapshot import Snapshot, holder
from rollout.stages import Stage
from rollout.switch import Switch, control

FEATURE = "api_v4_restaurants"
NUMBERS = count()
Engine = Callable[[], Any]
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def own_registrations(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Forget the switches of a test; the database is reached in autocommit, as by a serving process."""
    with registry.forgetting(), django_db_blocker.unblock():
        yield


def flag(stage: str = "partial", percentage: object = 100, **about: Any) -> FlagState:
    share = {"full": 100, "complete": 100}.get(stage, percentage)
    about |= {"stage": Stage(stage), "percentage": Decimal(str(share)), "holdout": Decimal(about.get("holdout", 0))}
    return FlagState(id=1, name=FEATURE, cohort="c", attempt=3, **about)


def put(*flags: FlagState, forces: Forces | None = None) -> None:
    """Let this process believe in these flags."""
    holder.replace(Snapshot(flags, version=7, secret="tests", forces=forces))


V4 = flag()
"""Everybody is on the candidate's arm, by the slot."""
V3 = flag("full", holdout=100)
"""Everybody is on control, by the slot: the share is 0."""


def made(candidate: Engine, older: Engine | None, *, writes: bool = False) -> Switch[[], Any, Any]:
    operation = f"tests.recorded_{next(NUMBERS)}"
    if older is not None:
        control(operation)(older)
    return Switch(FEATURE, operation, candidate=candidate, present=lambda value: {"answer": value}, writes=writes)


def device(number: int = 1) -> HttpRequest:
    """Return a request of a device that has our cookie."""
    factory = RequestFactory()
    factory.cookies[DEVICE_COOKIE] = sign_device(f"{number:08x}-7d2b-4a57-9a36-0e5a1d1c9f3b")
    request = factory.get("/")
    request.user = AnonymousUser()
    return request


def answers() -> int:
    return 1


def raises(error: type[Exception]) -> Engine:
    def raising() -> Any:
        raise error("it says so")

    return raising


def noted(switch: Switch[[], Any, Any]) -> Row:
    """Return the sums of the only arm that was noted of an operation."""
    delivery = recorder.next_delivery()
    assert delivery is not None
    recorder.delivered(delivery)
    (row,) = [row for row in delivery.samples if row["operation"] == switch.operation]
    return row


def outcome(row: Row) -> tuple[str, int, int, int]:
    return row["arm"], row["client_errors"], row["failures"], row["recovered"]


def reason(request: HttpRequest) -> str:
    return str(request.rollout_served.reason)  # type: ignore[attr-defined]


# How it went


@pytest.mark.parametrize(
    ("place", "candidate", "older", "expected"),
    [
        (V3, answers, answers, ("control", 0, 0, 0)),
        (V3, answers, raises(NotFound), ("control", 1, 0, 0)),
        (V3, answers, raises(ZeroDivisionError), ("control", 0, 1, 0)),
        (V3, answers, raises(Unavailable), ("control", 0, 1, 0)),
        (V4, answers, answers, ("candidate", 0, 0, 0)),
        (V4, raises(Forbidden), answers, ("candidate", 1, 0, 0)),
        (V4, raises(NotFound), raises(NotFound), ("candidate", 1, 0, 0)),
        (V4, raises(NotFound), raises(ZeroDivisionError), ("candidate", 1, 0, 0)),
        (V4, raises(NotFound), answers, ("candidate", 0, 1, 1)),
        (V4, raises(NotFound), raises(InvalidInput), ("candidate", 0, 1, 1)),
        (V4, raises(ZeroDivisionError), answers, ("candidate", 0, 1, 1)),
        (V4, raises(Unavailable), answers, ("candidate", 0, 1, 1)),
        (V4, raises(ZeroDivisionError), raises(NotFound), ("candidate", 0, 1, 1)),
        (V4, raises(ZeroDivisionError), raises(ZeroDivisionError), ("candidate", 0, 1, 0)),
        (flag("complete"), answers, answers, ("candidate", 0, 0, 0)),
        (flag("complete"), raises(ZeroDivisionError), answers, ("candidate", 0, 1, 0)),
        (flag("complete"), raises(NotFound), answers, ("candidate", 1, 0, 0)),
        (V4, raises(ZeroDivisionError), None, ("candidate", 0, 1, 0)),
        (V3, raises(ZeroDivisionError), None, ("control", 0, 1, 0)),
        (V3, answers, None, ("control", 0, 0, 0)),
    ],
)
def test_a_call_counts_on_its_own_arm_for_what_the_engine_did_that_the_arm_calls_first(
    place: FlagState, candidate: Engine, older: Engine | None, expected: tuple[str, int, int, int]
) -> None:
    put(place)
    switch = made(candidate, older)

    with suppress(Exception):
        switch(device())

    row = noted(switch)
    assert outcome(row) == expected
    assert row["calls"] == sum(row["counts"]) == 1


@pytest.mark.parametrize("place", [V3, V4], ids=["control", "candidate"])
def test_a_write_of_unknown_outcome_counts_as_a_failure_of_its_arm(place: FlagState) -> None:
    put(place)

    def store_twice() -> int:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO probe VALUES (1), (1)")
        return 1

    switch = made(store_twice, store_twice, writes=True)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE probe (number int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        with pytest.raises(OutcomeUnknown):
            switch(device())
        cursor.execute("DROP TABLE probe")

    row = noted(switch)
    assert (row["failures"], row["recovered"], row["client_errors"]) == (1, 0, 0)
    assert row["arm"] == ("control" if place is V3 else "candidate")


def test_a_failure_tells_who_met_it_by_which_decision_and_where_it_comes_from() -> None:
    put(V4)
    switch = made(raises(ZeroDivisionError), answers)
    token = request_id.set("a-request")

    switch(device())
    request_id.reset(token)

    delivery = recorder.next_delivery()
    assert delivery is not None
    (told,) = delivery.failures
    fingerprint = told.pop("fingerprint")
    assert len(fingerprint) == 12
    assert told == {
        "feature": FEATURE,
        "attempt": 3,
        "identity": "d:00000001-7d2b-4a57-9a36-0e5a1d1c9f3b",
        "arm": "candidate",
        "share": 1.0,
        "operation": switch.operation,
        "metric": "failures",
        "place": "ZeroDivisionError in tests.rollout.test_switch_recording:raising",
        "request_id": "a-request",
    }


def test_an_exception_that_ends_the_thread_is_counted_as_a_call_and_travels_on() -> None:
    put(V4)
    switch = made(raises(KeyboardInterrupt), answers)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        switch(device())

    assert noted(switch)["calls"] == 1


def test_a_slow_call_is_told_with_its_person_on_either_arm() -> None:
    for place in (V4, V3):
        switch = made(lambda: time.sleep(0.002), lambda: time.sleep(0.002))
        measure = Measure({switch.operation: 1.0}, p95_ms=1.0)
        put(replace(place, measure=measure))

        switch(device())

        delivery = recorder.next_delivery()
        assert delivery is not None
        recorder.delivered(delivery)
        assert {told["metric"] for told in delivery.failures} == {"slow", "p95"}
        assert not any(told["fingerprint"] for told in delivery.failures)


# The breaker and the bulkhead


@pytest.fixture
def broken() -> Switch[[], Any, Any]:
    """A switch whose v4 has failed five people of this worker."""
    put(V4)
    switch = made(raises(ZeroDivisionError), answers)
    for number in range(5):
        switch(device(number))
    return switch


def test_an_open_breaker_lets_v3_answer_at_once_and_counts_that_on_the_candidates_arm(
    broken: Switch[[], Any, Any],
) -> None:
    before = noted(broken)
    request = device(6)

    answer = broken(request)

    after = noted(broken)
    assert (answer, reason(request)) == ({"answer": 1}, "breaker")
    assert (before["failures"], before["eligible"]) == (5, 5)
    assert (after["arm"], after["calls"], after["breaker"]) == ("candidate", 1, 1)
    assert (after["failures"], after["eligible"]) == (0, 0)


def test_while_a_breaker_is_open_neither_arm_is_evidence_and_other_operations_are(broken: Switch[[], Any, Any]) -> None:
    noted(broken)
    other = made(answers, answers)
    put(V3)

    broken(device(7))
    other(device(7))

    delivery = recorder.next_delivery()
    assert delivery is not None
    assert {row["operation"]: (row["arm"], row["eligible"]) for row in delivery.samples} == {
        broken.operation: ("control", 0),
        other.operation: ("control", 1),
    }


def test_a_probe_that_v4_answers_closes_the_breaker() -> None:
    put(V4)
    faults = [ZeroDivisionError] * 5

    def mended() -> int:
        if faults:
            raise faults.pop()
        return 4

    switch = made(mended, answers)
    for number in range(5):
        switch(device(number))

    seen: list[str] = []
    while not seen or seen[-1] == "breaker":
        request = device(6)
        switch(request)
        seen.append(reason(request))
        time.sleep(0.02)
    later = device(7)

    assert switch(later) == {"answer": 4}
    assert seen[0] == "breaker"
    assert (seen[-1], reason(later)) == ("split", "split")


@pytest.mark.parametrize(
    ("fault", "opens"), [(ZeroDivisionError, True), (Unavailable, True), (NotFound, False), (Forbidden, False)]
)
def test_only_what_nobody_anticipated_opens_a_breaker(fault: type[Exception], opens: bool) -> None:
    put(V4)
    switch = made(raises(fault), answers)
    for number in range(5):
        with suppress(Forbidden):
            switch(device(number))
    request = device(6)

    with suppress(Forbidden):
        switch(request)

    assert (reason(request) == "breaker") is opens


def test_one_client_that_repeats_its_failing_request_opens_nothing() -> None:
    put(V4)
    switch = made(raises(ZeroDivisionError), answers)
    for _ in range(20):
        switch(device(1))
    request = device(2)

    switch(request)

    assert reason(request) == "fallback"


@pytest.mark.django_db
def test_open_breakers_are_in_the_heartbeat_while_their_attempt_goes_on(broken: Switch[[], Any, Any]) -> None:
    told = []
    for place in (
        {"stage": "partial", "percentage": 100, "attempt": 3},
        {"attempt": 4},
        {"attempt": 3, "stage": "disabled", "percentage": 0},
    ):
        Flag.objects.filter(name=FEATURE).update(**place)
        pulse.beat()
        told.append(Worker.objects.get().breakers)

    assert told == [[broken.operation], [], []]


@pytest.fixture
def full() -> Iterator[None]:
    """Half of the threads have been held by v4 for longer than a tenth of a second."""
    shared = turns.bulkhead()
    places = [shared.enter() for _ in range(shared.most)]
    time.sleep(0.11)
    yield
    for place in places:
        shared.leave(place)


def test_beyond_half_of_the_threads_v3_answers_and_the_call_stays_evidence_of_its_arm(full: None) -> None:
    put(V4)
    switch = made(answers, lambda: 3)
    request = device()

    answer = switch(request)

    row = noted(switch)
    assert (answer, reason(request)) == ({"answer": 3}, "bulkhead")
    assert (row["arm"], row["calls"], row["bulkhead"], row["eligible"]) == ("candidate", 1, 1, 1)


def test_a_full_bulkhead_does_not_concern_callers_on_v3(full: None) -> None:
    put(V3)
    request = device()

    made(answers, answers)(request)

    assert reason(request) == "holdout"


@pytest.mark.parametrize("fault", [ZeroDivisionError, NotFound])
def test_a_v3_that_answers_instead_of_v4_and_fails_counts_on_the_candidates_arm(
    full: None, fault: type[Exception]
) -> None:
    put(V4)
    switch = made(answers, raises(fault))

    with pytest.raises(fault):
        switch(device())

    is_failure = fault is ZeroDivisionError
    assert outcome(noted(switch)) == ("candidate", int(not is_failure), int(is_failure), 0)


def test_a_v3_that_fails_under_an_open_breaker_counts_and_is_no_evidence() -> None:
    put(V4)
    switch = made(raises(ZeroDivisionError), raises(ZeroDivisionError))
    for number in range(6):
        with suppress(ZeroDivisionError):
            switch(device(number))

    row = noted(switch)
    assert (row["failures"], row["recovered"], row["breaker"], row["eligible"]) == (6, 0, 1, 5)
