"""Keeps a slow v4 from taking all threads of a worker: beyond half of them, v3 answers at once.

A call holds its thread once it has run longer than `HELD_AFTER_S`. Counting from the first millisecond would send part
of a healthy v4's callers to v3 whenever more than half of the threads are busy, which at FULL is every busy moment; see
docs/adr/0009-judging-health.md.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

HELD_AFTER_S = 0.1


class Bulkhead:
    """How many of `threads` the candidate holds; safe to use from any of them."""

    def __init__(self, threads: int, clock: Callable[[], float] = monotonic) -> None:
        self.most = max(threads // 2, 1)
        self._clock = clock
        self._lock = threading.Lock()
        self._since: dict[object, float] = {}

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Yield whether there is room for one more call; where there is, it counts until the block ends."""
        call = object()
        has_room = self._enter(call)
        try:
            yield has_room
        finally:
            if has_room:
                with self._lock:
                    del self._since[call]

    def _enter(self, call: object) -> bool:
        now = self._clock()
        with self._lock:
            held = sum(now - since > HELD_AFTER_S for since in self._since.values())
            if held >= self.most:
                return False
            self._since[call] = now
            return True
