"""Keeps a slow v4 from taking all threads of a worker: beyond half of them, v3 answers at once.

A call holds its thread once it has run longer than `HELD_AFTER_S`. Counting from the first millisecond would send part
of a healthy v4's callers to v3 whenever more than half of the threads are busy, which at FULL is every busy moment; see
docs/adr/0009-judging-health.md.
"""

import threading
from collections.abc import Callable
from time import monotonic

HELD_AFTER_S = 0.1


class Bulkhead:
    """How many of `threads` the candidate holds; safe to use from any of them."""

    def __init__(self, threads: int, clock: Callable[[], float] = monotonic) -> None:
        self.most = max(threads // 2, 1)
        self._clock = clock
        self._lock = threading.Lock()
        self._since: dict[object, float] = {}

    @property
    def has_room(self) -> bool:
        """Whether one more call may begin."""
        with self._lock:
            return self._has_room(self._clock())

    @property
    def inside(self) -> int:
        """How many calls are under way."""
        return len(self._since)

    def enter(self) -> object | None:
        """Return a place for one more call, which it has to `leave`, or None where there is no room."""
        now = self._clock()
        with self._lock:
            if not self._has_room(now):
                return None
            place = object()
            self._since[place] = now
            return place

    def leave(self, place: object) -> None:
        """Give up the place of a call that has ended, however it did."""
        with self._lock:
            del self._since[place]

    def _has_room(self, now: float) -> bool:
        if len(self._since) < self.most:
            return True
        return sum(now - since > HELD_AFTER_S for since in self._since.values()) < self.most
