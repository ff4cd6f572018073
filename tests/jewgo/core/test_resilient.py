"""The cache backend against a Valkey that is killed, frozen and started again."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import redis
from django.conf import settings

from jewgo.core.resilient import OUTAGE_TTL_S, Breaker, LocalCache, ResilientCache
from tests.jewgo.core.valkey import Valkey


def cache_at(server: Valkey) -> ResilientCache:
    """Return the backend as the settings configure it, at another server."""
    configured = settings.CACHES["default"]
    params = {name: value for name, value in configured.items() if name not in {"BACKEND", "LOCATION"}}
    return ResilientCache(server.url, params)


def wait_until(condition: Callable[[], bool], *, timeout_s: float = 5) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "not so in time"
        time.sleep(0.02)


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_values_go_to_redis_as_json_under_our_prefix(valkey: Valkey) -> None:
    cache = cache_at(valkey)

    cache.set("place", {"name": "מסעדה", "stars": 4.5})

    with redis.Redis(port=valkey.port) as client:
        assert client.keys() == [b"jewgo:1:place"]
        assert client.get("jewgo:1:place") == '{"name":"מסעדה","stars":4.5}'.encode()


@pytest.mark.parametrize("value", [datetime.now(UTC), object(), {1, 2}])
def test_what_json_cannot_return_as_it_was_is_refused(valkey: Valkey, value: object) -> None:
    cache = cache_at(valkey)

    with pytest.raises(TypeError):
        cache.set("thing", value)


def test_a_killed_redis_costs_no_call_and_no_time(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    cache.set("a", 1)
    slowest = 0.0

    valkey.kill()
    for number in range(200):
        start = time.perf_counter()
        cache.set(f"k{number}", number, 60)
        assert cache.get(f"k{number}") == number
        slowest = max(slowest, time.perf_counter() - start)

    assert cache.is_away
    assert slowest < 0.2


def test_a_redis_that_hangs_is_waited_for_once(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    cache.set("a", 1)

    valkey.freeze()
    start = time.perf_counter()
    for _ in range(100):
        cache.get("a")
    took = time.perf_counter() - start
    valkey.thaw()

    assert cache.is_away
    assert took < 10  # a hundred timeouts of 250 ms would have taken 25 s


def test_service_from_redis_resumes_after_its_return(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    valkey.kill()
    cache.set("during", "memory")

    valkey.start()
    wait_until(lambda: (cache.get("x"), not cache.is_away)[1])

    assert cache.get("during") is None


def test_what_memory_held_in_one_outage_is_gone_in_the_next(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    valkey.kill()
    cache.set("during", "old", 60)
    valkey.start()
    wait_until(lambda: (cache.get("x"), not cache.is_away)[1])

    valkey.kill()

    assert cache.get("during") is None
    assert cache.is_away


def test_many_threads_meet_no_error_while_redis_is_killed_and_returns(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    errors: list[Exception] = []
    slow: list[float] = []
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            start = time.perf_counter()
            try:
                cache.set("k", [1, 2], 60)
                cache.get_many(["k", "l"])
            except Exception as error:
                errors.append(error)
            slow.append(time.perf_counter() - start)

    crew = [threading.Thread(target=work) for _ in range(6)]
    for member in crew:
        member.start()
    for _ in range(2):
        time.sleep(0.2)
        valkey.kill()
        time.sleep(0.3)
        valkey.start()
        time.sleep(0.8)
    is_over.set()
    for member in crew:
        member.join()

    assert errors == []
    assert max(slow) < 0.5


def test_a_value_that_is_no_json_is_a_miss(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    with redis.Redis(port=valkey.port) as client:
        client.set("jewgo:1:odd", b"\x80\x04pickle")

    assert cache.get("odd", "nothing") == "nothing"
    assert not cache.is_away


def test_an_increment_of_nothing_is_the_callers_mistake(valkey: Valkey) -> None:
    cache = cache_at(valkey)

    with pytest.raises(ValueError, match="not found"):
        cache.incr("counter")
    cache.set("counter", 1)

    assert cache.incr("counter", 4) == 5


def test_the_breaker_lets_one_caller_a_second_probe() -> None:
    clock = Clock()
    breaker = Breaker(probe_s=1, clock=clock)

    assert breaker.trip() is True
    assert breaker.trip() is False
    assert not breaker.wants_probe()
    clock.now += 1
    assert [breaker.wants_probe() for _ in range(3)] == [True, False, False]


def test_memory_keeps_what_was_to_live_for_ever_only_for_a_moment() -> None:
    clock = Clock()
    memory = LocalCache({}, clock)

    memory.set("generation", "abc", None)
    memory.set("counter", 1, 60)
    clock.now += OUTAGE_TTL_S

    assert memory.get("generation") is None
    assert memory.get("counter") == 1


def test_memory_is_bounded() -> None:
    memory = LocalCache({"OPTIONS": {"MAX_ENTRIES": 3}})

    for number in range(5):
        memory.set(str(number), number)

    assert [memory.get(str(number)) for number in range(5)] == [None, None, 2, 3, 4]


def test_memory_hands_out_copies() -> None:
    memory = LocalCache({})
    value = {"names": ["a"]}

    memory.set("k", value)
    memory.get("k")["names"].append("b")

    assert memory.get("k") == {"names": ["a"]}


def test_memory_adds_touches_counts_and_deletes_like_redis() -> None:
    clock = Clock()
    memory = LocalCache({}, clock)

    assert memory.add("k", 1, 10) is True
    assert memory.add("k", 2, 10) is False
    assert memory.incr("k", 2) == 3
    assert memory.touch("k", 100) is True
    clock.now += 50
    assert memory.get("k") == 3
    assert memory.delete("k") is True
    assert memory.delete("k") is False
    assert memory.touch("k") is False
    with pytest.raises(ValueError, match="not found"):
        memory.incr("k")
