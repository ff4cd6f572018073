"""How much of a worker a slow v4 may hold."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from rollout import registry, turns
from rollout.bulkhead import HELD_AFTER_S, Bulkhead
from rollout.switch import Switch, control
from rollout.testing import at_stage
from tests.rollout.control import Turned

FEATURE = "bulky_feature"


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.mark.parametrize(("threads", "most"), [(1, 1), (2, 1), (3, 1), (4, 2), (16, 8)])
def test_beyond_half_of_the_threads_there_is_no_room(clock: Turned, threads: int, most: int) -> None:
    bulkhead = Bulkhead(threads, clock)
    places = [bulkhead.enter() for _ in range(most)]
    clock.now += HELD_AFTER_S * 1.01

    refused = bulkhead.enter()
    bulkhead.leave(places[0])

    assert None not in places
    assert refused is None
    assert bulkhead.enter() is not None


def test_a_call_holds_its_thread_once_it_has_run_for_a_tenth_of_a_second(clock: Turned) -> None:
    bulkhead = Bulkhead(4, clock)
    burst = [bulkhead.enter() for _ in range(20)]
    clock.now += HELD_AFTER_S - 0.001
    just_now = bulkhead.enter()
    clock.now += 0.002

    assert None not in [*burst, just_now]
    assert bulkhead.enter() is None


def test_calls_that_end_soon_never_fill_it(clock: Turned) -> None:
    bulkhead = Bulkhead(4, clock)

    for _ in range(1_000):
        places = [bulkhead.enter() for _ in range(4)]
        clock.now += 0.05
        for place in places:
            bulkhead.leave(place)

    assert bulkhead.enter() is not None


# In a switch, on real threads


@pytest.fixture(autouse=True)
def own_registrations() -> Iterator[None]:
    with registry.forgetting():
        yield


def request(number: int = 1) -> HttpRequest:
    made = RequestFactory().get("/", headers={"X-Device-ID": f"{number:08x}-7d2b-4a57-9a36-0e5a1d1c9f3b"})
    made.user = AnonymousUser()
    return made


def reason(called: HttpRequest) -> str:
    return str(called.rollout_served.reason)  # type: ignore[attr-defined]


def test_while_slow_calls_hold_half_of_the_threads_v3_answers_everybody_and_later_v4_does_again() -> None:
    is_over = threading.Event()
    control("tests.bulky")(lambda: "v3")
    switch = Switch(FEATURE, "tests.bulky", candidate=lambda: is_over.wait(30) and "v4", present=str, writes=False)
    on_v3, beyond, later = request(), request(), request()

    with ThreadPoolExecutor(2) as pool, at_stage(FEATURE, "full"):
        slow = [pool.submit(switch, request()) for _ in range(turns.bulkhead().most)]
        for _ in range(500):
            if turns.bulkhead().has_room:
                is_over.wait(0.01)
        answers = [switch(beyond)]
        with at_stage(FEATURE, "disabled"):
            answers.append(switch(on_v3))
        is_over.set()
        slowly = {each.result() for each in slow}
        answers.append(switch(later))

    assert answers == ["v3", "v3", "v4"]
    assert [reason(one) for one in (beyond, on_v3, later)] == ["bulkhead", "disabled", "static"]
    assert slowly == {"v4"}


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_no_place_is_lost_however_a_call_ends(error: type[BaseException]) -> None:
    def fails() -> str:
        raise error

    control("tests.bulky")(lambda: "v3" if error is ZeroDivisionError else fails())
    switch = Switch(FEATURE, "tests.bulky", candidate=fails, present=str, writes=False)

    with at_stage(FEATURE, "full"):
        for _ in range(4):
            try:
                switch(request())
            except error:
                assert error is not ZeroDivisionError

    assert turns.bulkhead().inside == 0
