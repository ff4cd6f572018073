"""Whether a request passes: Redis decides for all processes, and while it is away each process for its own share."""

from collections.abc import Callable, Sequence
from functools import cache

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

from jewgo.core.limits import shared
from jewgo.core.limits.local import LocalWindows
from jewgo.core.limits.rates import Decision, Limit
from jewgo.core.resilient import ResilientCache


class Limiter:
    """Decides with what is in `backend` for everybody, or else with what this process remembers.

    While Redis is away each of `processes` lets its share pass, so together they let no more pass than the limit,
    except that each lets at least one. It never waits longer than the cache itself would.
    """

    def __init__(
        self, backend: Callable[[], BaseCache], processes: int, clock: Callable[[], float] | None = None
    ) -> None:
        self.backend, self.processes, self.clock = backend, processes, clock
        self.local = LocalWindows(clock) if clock else LocalWindows()

    def decide(self, limits: Sequence[Limit]) -> Decision:
        """Count a request against all of `limits` (at least one), or against none when one of them has no room."""
        backend = self.backend()
        if isinstance(backend, ResilientCache):
            told = shared.decide(backend, limits, self.clock() if self.clock else None)
            if told is not None:
                return told
        return self.local.decide([limit.shared_by(self.processes) for limit in limits])


@cache
def limiter() -> Limiter:
    """Return the one limiter of this process, on the default cache."""
    return Limiter(lambda: caches["default"], settings.LIMITS["PROCESSES"])
