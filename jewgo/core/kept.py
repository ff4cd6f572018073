"""What a process has made of what is cached: the same text is not turned into the same values again and again."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, NamedTuple

BUDGET: Final = 8 * 2**20
"""Characters of text whose values a process keeps; the values take some five times as much memory."""


class _Made(NamedTuple):
    generation: str
    value: Any
    weight: int
    until: float


class Kept:
    """Values by key, each good for one generation and for a time; the one not asked for longest goes first."""

    def __init__(self, ttl_s: float, *, budget: int = BUDGET, clock: Callable[[], float] = time.monotonic) -> None:
        self.ttl_s, self.budget, self.clock = ttl_s, budget, clock
        self._made: OrderedDict[Hashable, _Made] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def generation(self, key: Hashable) -> str | None:
        """Return the generation that the value of `key` is good for, None when there is no such value."""
        made = self._made.get(key)
        return made.generation if made and made.until > self.clock() else None

    def get(self, key: Hashable, generation: str, default: Any = None) -> Any:
        """Return the value of `key` in `generation`."""
        with self._lock:
            made = self._made.get(key)
            if made is None or made.generation != generation:
                return default
            self._made.move_to_end(key)
            return made.value

    def put(self, key: Hashable, generation: str, value: Any, weight: int) -> None:
        """Keep a value; one heavier than the whole budget is not kept."""
        with self._lock:
            self._drop(key)
            if weight > self.budget:
                return
            self._made[key] = _Made(generation, value, weight, self.clock() + self.ttl_s)
            self._weight += weight
            while self._weight > self.budget:
                self._drop(next(iter(self._made)))

    def _drop(self, key: Hashable) -> None:
        if made := self._made.pop(key, None):
            self._weight -= made.weight
