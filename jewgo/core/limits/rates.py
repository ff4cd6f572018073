"""A limit as words and as numbers, and how a caller stands against it. Pure."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, Self

WINDOWS_S: Final = {"s": 1, "min": 60, "h": 3600}
LARGEST: Final = 1_000_000

_WORDS = re.compile(rf"([1-9]\d{{0,6}})/({'|'.join(WINDOWS_S)})")


class Rate(NamedTuple):
    """At most so many within any stretch of time as long as the window."""

    most: int
    window_s: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return what `600/min` means, None for `off`; raises ValueError."""
        if text == "off":
            return None
        words = _WORDS.fullmatch(text)
        if words is None or int(words[1]) > LARGEST:
            raise ValueError(f"{text[:20]!r} is no limit: write N/s, N/min or N/h with N from 1 to {LARGEST}, or off")
        return cls(int(words[1]), WINDOWS_S[words[2]])

    def shared_by(self, processes: int) -> Self:
        """Return what each of so many processes may let pass by itself: its share, but at least one."""
        return self._replace(most=max(1, self.most // processes))


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate, what it is called, and who is counted."""

    name: str
    key: str
    rate: Rate

    def shared_by(self, processes: int) -> "Limit":
        """Return the limit with one process's share of its rate."""
        return replace(self, rate=self.rate.shared_by(processes))


class Standing(NamedTuple):
    """How a caller stands: how many were counted, and in how many seconds room for one more (or more) appears."""

    limit: Limit
    used: int
    frees_in_s: float

    @property
    def remaining(self) -> int:
        return max(0, self.limit.rate.most - self.used)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request passes, and how its caller now stands against each limit that applied; a refused one counts
    against none of them."""

    passed: bool
    standings: Sequence[Standing]

    @property
    def tightest(self) -> Standing:
        """Return the limit that refused, for the longest time where there are several; else the one nearest to it."""
        return min(self.standings, key=lambda one: (one.remaining / one.limit.rate.most, -one.frees_in_s))

    @property
    def retry_after_s(self) -> int:
        """Return in how many whole seconds, at least one, a refused request would pass."""
        return max(1, math.ceil(self.tightest.frees_in_s))
