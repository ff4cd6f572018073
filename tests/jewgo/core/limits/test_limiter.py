"""A limiter whose Valkey is killed: its own share meanwhile, and nobody waits; afterwards for everybody again."""

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from jewgo.core.limits.limiter import Limiter
from jewgo.core.limits.rates import Limit, Rate
from tests.jewgo.core.test_resilient import cache_at, wait_until
from tests.jewgo.core.valkey import Valkey


def twenty_an_hour() -> Sequence[Limit]:
    return [Limit("user", uuid.uuid4().hex, Rate(20, 3600))]


def hammered(limiter: Limiter, limits: Sequence[Limit], times: int = 400, threads: int = 16) -> int:
    """Return how many of `times` requests on each of so many threads pass."""

    def hammer(_: int) -> int:
        return sum(limiter.decide(limits).passed for _ in range(times))

    with ThreadPoolExecutor(threads) as crew:
        return sum(crew.map(hammer, range(threads)))


def test_processes_that_share_a_redis_let_exactly_the_limit_pass_together(valkey: Valkey) -> None:
    limits = twenty_an_hour()
    processes = [Limiter(lambda: cache_at(valkey), processes=4) for _ in range(2)]

    assert sum(hammered(limiter, limits, times=20) for limiter in processes) == 20


def test_without_redis_each_process_has_its_share_and_nobody_waits(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    limiter = Limiter(lambda: cache, processes=4)
    valkey.kill()
    slowest = 0.0

    passed = hammered(limiter, twenty_an_hour())
    for _ in range(100):
        start = time.perf_counter()
        limiter.decide(twenty_an_hour())
        slowest = max(slowest, time.perf_counter() - start)

    assert passed == 5
    assert slowest < 0.2


def test_a_limit_below_the_number_of_processes_lets_one_pass_in_each(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    valkey.kill()

    assert hammered(Limiter(lambda: cache, processes=50), twenty_an_hour()) == 1


def test_redis_decides_again_once_it_is_back(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    limiter = Limiter(lambda: cache, processes=20)
    limits = twenty_an_hour()
    valkey.kill()
    alone = hammered(limiter, limits, times=5)

    valkey.start()
    wait_until(_asks(limiter, cache_is_away=lambda: cache.is_away))
    together = hammered(limiter, limits, times=50)

    assert (alone, together) == (1, 20)


def _asks(limiter: Limiter, *, cache_is_away: Callable[[], bool]) -> Callable[[], bool]:
    """Keep somebody else asking, which is what tries Redis again."""

    def is_back() -> bool:
        limiter.decide(twenty_an_hour())
        return not cache_is_away()

    return is_back
