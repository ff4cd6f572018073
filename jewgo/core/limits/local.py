"""Limits counted by one process alone, while Redis is away: the same windows, in memory that is bounded."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final

from jewgo.core.limits.rates import Decision, Limit, Standing

MOST_MOMENTS: Final = 200_000
"""How many passes a process remembers, about 10 MB; beyond, the caller who has not asked for longest is forgotten."""


class LocalWindows:
    """When each caller passed, as this process saw it. Any thread may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = MOST_MOMENTS) -> None:
        self.clock, self.most = clock, most
        self._passes: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return how many passes are remembered."""
        return self._size

    def decide(self, limits: Sequence[Limit]) -> Decision:
        """Let a request pass if there is room in all the limits; only then does it count, and against all of them."""
        with self._lock:
            now = self.clock()
            windows = [self._window(limit, now) for limit in limits]
            passed = all(len(window) < limit.rate.most for limit, window in zip(limits, windows, strict=True))
            if passed:
                for window in windows:
                    window.append(now)
                self._size += len(windows)
            self._forget()
            standings = [_standing(*pair, now) for pair in zip(limits, windows, strict=True)]
        return Decision(passed, standings)

    def _window(self, limit: Limit, now: float) -> deque[float]:
        """Return the caller's passes that still count, as the most recently asked for."""
        name = (limit.name, limit.key)
        window = self._passes.setdefault(name, deque())
        self._passes.move_to_end(name)
        while window and window[0] <= now - limit.rate.window_s:
            window.popleft()
            self._size -= 1
        return window

    def _forget(self) -> None:
        while self._size > self.most or len(self._passes) > self.most:
            _, window = self._passes.popitem(last=False)
            self._size -= len(window)


def _standing(limit: Limit, window: deque[float], now: float) -> Standing:
    leaves = window[max(0, len(window) - limit.rate.most)] if window else now - limit.rate.window_s
    return Standing(limit, len(window), leaves + limit.rate.window_s - now)
