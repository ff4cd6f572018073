"""When a worker stops asking a v4 that fails everybody, and when it begins again."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from rollout.breaker import Breakers
from tests.rollout.control import Turned

OPERATION = "tests.broken"
PEOPLE = ["u:1", "u:2", "u:3", "u:4", "u:5"]


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
def kept(clock: Turned) -> Breakers:
    return Breakers(clock)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads take turns wherever they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def fail(kept: Breakers, *people: str, attempt: int = 1) -> list[bool]:
    """Let v4 fail these people one after the other; returns which failure opened the breaker."""
    return [kept.failed(OPERATION, attempt, who) for who in people]


def is_open(kept: Breakers, attempt: int = 1) -> bool:
    return kept.is_open(OPERATION, attempt)


@pytest.mark.parametrize(
    ("people", "apart_s", "opens"),
    [
        (PEOPLE, 0.1, True),
        (PEOPLE[:4], 0.1, False),
        (["u:1", "u:2", "u:3", "u:3", "u:3"], 0.1, True),
        (["u:1", "u:2", "u:2", "u:2", "u:2"], 0.1, False),
        (["u:1"] * 50, 0.1, False),
        (["u:1", "u:2", "u:3", *["u:1"] * 3], 0.1, True),
        (["u:2", *["u:1"] * 4, "u:3"], 0.1, False),
        (PEOPLE, 2.4, True),
        (PEOPLE, 2.5, False),
        (PEOPLE * 10, 2.5, False),
    ],
    ids=[
        "five people",
        "four failures",
        "three people",
        "two people",
        "one client repeating",
        "one more failure",
        "the third longer ago than five failures",
        "just within ten seconds",
        "over ten seconds",
        "slowly for ever",
    ],
)
def test_it_opens_after_five_failures_in_a_row_of_three_people_within_ten_seconds(
    kept: Breakers, clock: Turned, people: Sequence[str], apart_s: float, opens: bool
) -> None:
    said = []
    for who in people:
        said += fail(kept, who)
        clock.now += apart_s
    clock.now -= apart_s

    assert any(said) is is_open(kept) is opens
    assert sum(said) <= 1


def test_an_answer_in_between_begins_the_row_anew(kept: Breakers) -> None:
    fail(kept, *PEOPLE[:4])
    kept.succeeded(OPERATION, 1)
    said = fail(kept, *PEOPLE[:4])

    assert not any(said)
    assert not is_open(kept)


def test_while_it_is_open_one_call_a_second_tries_v4(kept: Breakers, clock: Turned) -> None:
    fail(kept, *PEOPLE)

    allowed = []
    for _ in range(35):
        clock.now += 0.1
        if kept.allows(OPERATION, 1):
            allowed.append(round(clock.now - 1000, 1))

    assert allowed == [1.0, 2.0, 3.0]


def test_a_probe_that_is_answered_closes_it(kept: Breakers, clock: Turned) -> None:
    fail(kept, *PEOPLE)
    clock.now += 1
    probes = [kept.allows(OPERATION, 1) for _ in range(3)]

    kept.succeeded(OPERATION, 1)

    assert probes == [True, False, False]
    assert not is_open(kept)
    assert all(kept.allows(OPERATION, 1) for _ in range(3))


def test_failing_probes_keep_it_open_even_those_of_one_person(kept: Breakers, clock: Turned) -> None:
    fail(kept, *PEOPLE)

    said = []
    for _ in range(30):
        clock.now += 1
        said += fail(kept, "u:1")

    assert is_open(kept)
    assert not any(said)


def test_one_that_has_seen_no_failure_for_ten_seconds_is_closed_and_needs_five_again(
    kept: Breakers, clock: Turned
) -> None:
    fail(kept, *PEOPLE)
    clock.now += 9.9
    before = is_open(kept)
    clock.now += 0.1
    after = is_open(kept)

    again = fail(kept, *PEOPLE[:4])

    assert (before, after) == (True, False)
    assert not any(again)
    assert kept.allows(OPERATION, 1)
    assert fail(kept, PEOPLE[4]) == [True]


def test_each_operation_has_its_own(kept: Breakers) -> None:
    fail(kept, *PEOPLE)

    assert not kept.is_open("tests.another", 1)
    assert kept.allows("tests.another", 1)


def test_a_new_attempt_begins_closed_and_late_failures_of_the_old_one_say_nothing_to_it(kept: Breakers) -> None:
    fail(kept, *PEOPLE)
    begins = is_open(kept, attempt=2)
    fail(kept, *PEOPLE[:4], attempt=2)

    late = fail(kept, *PEOPLE, attempt=1)

    assert not begins
    assert not any(late)
    assert fail(kept, PEOPLE[4], attempt=2) == [True]
    assert list(kept.open_now()) == [(OPERATION, 2)]


def test_what_is_open_is_known_by_operation_and_attempt(kept: Breakers, clock: Turned) -> None:
    fail(kept, *PEOPLE, attempt=3)
    kept.failed("tests.another", 3, "u:1")
    opened = list(kept.open_now())
    clock.now += 10

    assert opened == [(OPERATION, 3)]
    assert list(kept.open_now()) == []


def test_whoever_asks_while_another_thread_opens_and_closes_it_meets_no_error(
    kept: Breakers, hasty_threads: None
) -> None:
    is_over = threading.Event()

    def ask() -> set[bool]:
        answers = set()
        while not is_over.is_set():
            answers.add(is_open(kept))
        return answers

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(ask) for _ in range(3)]
        opened = 0
        for _ in range(3_000):
            opened += sum(fail(kept, *PEOPLE))
            kept.succeeded(OPERATION, 1)
        is_over.set()

    assert all(each.result() <= {False, True} for each in asking)
    assert opened == 3_000


def test_all_threads_together_make_one_probe(kept: Breakers, clock: Turned, hasty_threads: None) -> None:
    fail(kept, *PEOPLE)
    clock.now += 1

    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda _: kept.allows(OPERATION, 1), range(2_000)))

    assert sum(allowed) == 1


FORK = """
import os, signal
signal.alarm(10)
from rollout.breaker import breakers
for who in range(5):
    breakers.failed("tests.broken", 1, f"u:{who}")
assert breakers.is_open("tests.broken", 1)
breakers._lock.acquire()  # as another thread may hold it while this one forks
child = os.fork()
if child == 0:
    signal.alarm(5)
    breakers.failed("tests.broken", 1, "u:1")
    os._exit(breakers.is_open("tests.broken", 1))
raise SystemExit(os.waitpid(child, 0)[1])
"""


def test_a_forked_child_begins_with_every_breaker_closed_and_no_lock_held() -> None:
    ended = subprocess.run([sys.executable, "-c", FORK], timeout=20, check=False)

    assert ended.returncode == 0
