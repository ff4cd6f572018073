"""The people of a simulated rollout: how often each calls, and where each slot falls."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random


@dataclass(frozen=True, slots=True)
class Kind:
    """People who call equally often: which fraction of everybody they are, and how many calls each makes in an hour."""

    fraction: float
    calls_per_hour: float


ORDINARY: Sequence[Kind] = (Kind(0.8, 0.5), Kind(0.2, 2.5))
"""0.9 calls an hour on average; one in five people makes five times as many as the others."""
WITH_HEAVY_USERS: Sequence[Kind] = (Kind(0.99, 0.5), Kind(0.01, 40.0))
"""One in a hundred people makes 45 % of all calls."""


class Crowd:
    """As many people as make the traffic, each with a random slot, uniform in [0, 1)."""

    def __init__(self, random: Random, kinds: Sequence[Kind], requests_per_minute: float) -> None:
        self._random, self.kinds = random, kinds
        average = sum(kind.fraction * kind.calls_per_hour for kind in kinds)
        people = requests_per_minute * 60 / average
        self.sizes = [round(people * kind.fraction) for kind in kinds]
        self._first = [0, *accumulate(self.sizes)]
        self._calls = [size * kind.calls_per_hour for size, kind in zip(self.sizes, kinds, strict=True)]
        self._all_calls = sum(self._calls)
        self.slots = [random.random() for _ in range(sum(self.sizes))]

    def caller(self) -> int:
        """Return who makes the next call: a person by number, with a chance in proportion to their calls."""
        left, kind = self._random.random() * self._all_calls, 0
        while left >= self._calls[kind] and kind + 1 < len(self._calls):
            left, kind = left - self._calls[kind], kind + 1
        number = int(left / self.kinds[kind].calls_per_hour)
        return self._first[kind] + min(number, self.sizes[kind] - 1)

    def kind_of(self, person: int) -> int:
        """Return the number of a person's kind."""
        return bisect_right(self._first, person) - 1

    def below(self, share: float) -> list[int]:
        """Return, for each kind, how many people are on v4 at `share` (0 to 1)."""
        return [
            sum(slot < share for slot in self.slots[first : first + size])
            for first, size in zip(self._first, self.sizes, strict=False)
        ]
