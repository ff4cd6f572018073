"""The same windows in Redis and in memory: what passes, what is told, and that nothing slips by at an edge."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import caches
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jewgo.core.limits import shared
from jewgo.core.limits.local import LocalWindows
from jewgo.core.limits.rates import Decision, Limit, Rate
from jewgo.core.resilient import ResilientCache

Decide = Callable[[Sequence[Limit], float], Decision]
START = 1_764_320_000.0


class Clock:
    """A clock that is set."""

    now = START

    def __call__(self) -> float:
        return self.now


def in_redis(limits: Sequence[Limit], at: float) -> Decision:
    cache = caches["default"]
    assert isinstance(cache, ResilientCache)
    decision = shared.decide(cache, limits, START + at)
    assert decision is not None
    return decision


def in_memory() -> Decide:
    clock = Clock()
    windows = LocalWindows(clock)

    def decide(limits: Sequence[Limit], at: float) -> Decision:
        clock.now = START + at
        return windows.decide(limits)

    return decide


@pytest.fixture(params=["redis", "memory"])
def decide(request: Any) -> Decide:
    return in_redis if request.param == "redis" else in_memory()


def limit(count: int, name: str = "user", key: str | None = None) -> Limit:
    """Return a limit of so many a minute, on a caller whom nobody else is."""
    return Limit(name, key or uuid.uuid4().hex, Rate(count, 60))


def told(decision: Decision) -> list[tuple[str, int, float]]:
    return [(one.limit.name, one.remaining, one.frees_in_s) for one in decision.standings]


def test_so_many_pass_and_the_next_waits_for_the_first_to_leave(decide: Decide) -> None:
    three = [limit(3)]

    passed = [decide(three, at) for at in (0, 10, 20)]
    refused = decide(three, 20.5)

    assert [one.passed for one in passed] == [True] * 3
    assert [told(one)[0][1:] for one in passed] == [(2, 60), (1, 50), (0, 40)]
    assert (refused.passed, told(refused)[0][1:], refused.retry_after_s) == (False, (0, 39.5), 40)
    assert not decide(three, 59.9).passed
    assert decide(three, 60).passed
    assert not decide(three, 60).passed


def test_the_edge_of_a_window_lets_nobody_ask_twice_as_often(decide: Decide) -> None:
    five = [limit(5)]

    passed = [at for at in (*[59.0] * 9, *[61.0] * 9, *[118.9] * 9, *[119.0] * 9) if decide(five, at).passed]

    assert passed == [59.0] * 5 + [119.0] * 5


def test_what_is_refused_by_one_limit_counts_against_none(decide: Decide) -> None:
    user, write = limit(9), limit(2, "write")
    for at in (0, 1):
        decide([user, write], at)

    refused = [decide([user, write], 2) for _ in range(5)]

    assert [one.passed for one in refused] == [False] * 5
    assert told(refused[-1]) == [("user", 7, 58), ("write", 0, 58)]
    assert refused[-1].tightest.limit == write
    assert told(decide([user], 3)) == [("user", 6, 57)]


def test_a_limit_that_was_not_used_yet_is_whole_though_another_refuses(decide: Decide) -> None:
    user, write = limit(9), limit(1, "write")
    decide([write], 0)

    assert told(decide([user, write], 1)) == [("user", 9, 0), ("write", 0, 59)]


def test_a_limit_that_was_lowered_waits_until_enough_have_left(decide: Decide) -> None:
    many = limit(5)
    for at in range(5):
        decide([many], at)
    few = Limit(many.name, many.key, Rate(2, 60))

    refused = decide([few], 5)

    assert (refused.passed, told(refused)) == (False, [("user", 0, 58)])
    assert decide([few], 63).passed


def test_callers_and_classes_are_counted_apart(decide: Decide) -> None:
    mine = limit(1)
    decide([mine], 0)

    assert decide([limit(1)], 0).passed
    assert decide([limit(1, "search", mine.key)], 0).passed
    assert not decide([mine], 0).passed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 30), min_size=1, max_size=60), st.integers(1, 6))
def test_no_stretch_as_long_as_the_window_holds_more_than_the_limit(
    decide: Decide, gaps: list[float], count: int
) -> None:
    at, passed, mine = 0.0, [], [limit(count)]

    for gap in gaps:
        at = round(at + gap, 3)
        if decide(mine, at).passed:
            passed.append(at)

    assert all(later - first >= 59.999 for first, later in zip(passed, passed[count:], strict=False))


def test_what_redis_keeps_of_a_caller_goes_when_the_window_is_over() -> None:
    mine = limit(3)
    in_redis([mine], 0)

    cache: Any = caches["default"]
    client = cache.remote.client.get_client()
    left_ms = client.pttl(cache.make_key(f"limit:{mine.name}:{mine.key}"))

    assert 0 < left_ms <= 60_000


def test_redis_keeps_its_own_time_unless_told() -> None:
    cache: Any = caches["default"]
    mine = [limit(1)]

    first, second = shared.decide(cache, mine), shared.decide(cache, mine)

    assert first is not None
    assert second is not None
    assert (first.passed, second.passed) == (True, False)
    assert 59 < second.standings[0].frees_in_s <= 60


@pytest.mark.parametrize("kind", ["redis", "memory"])
def test_sixteen_threads_let_exactly_the_limit_pass(kind: str) -> None:
    decide = in_redis if kind == "redis" else in_memory()
    twenty = [limit(20)]

    def hammer(_: int) -> int:
        return sum(decide(twenty, 0).passed for _ in range(400))

    with ThreadPoolExecutor(16) as crew:
        assert sum(crew.map(hammer, range(16))) == 20


def test_memory_is_bounded_and_forgets_who_has_not_asked_for_longest() -> None:
    windows = LocalWindows(Clock(), most=100)
    busy = [limit(60)]

    for _ in range(60):
        windows.decide(busy)
        windows.decide([limit(5)])
        windows.decide([limit(5)])

    assert len(windows) <= 100
    assert not windows.decide(busy).passed
