"""Failing people, counted by their arm and by the share that decided. Pure.

That is all a mixture needs to know of them, and shares are few: so the sums are of whole numbers, and exact.
"""

from collections import Counter
from collections.abc import Callable

from rollout.eligibility import Arm
from rollout.mixture import GRID, Terms


class Tally:
    """Counts of people; a count may be negative where it is a correction to others."""

    __slots__ = ("_people",)

    def __init__(self) -> None:
        self._people: Counter[tuple[Arm, float]] = Counter()

    def count(self, arm: Arm, share: float, times: int = 1) -> None:
        """Add one person, or take one away with `times` −1."""
        self._people[arm, share] += times

    def include(self, other: "Tally") -> None:
        """Add all of another's people."""
        self._people.update(other._people)

    @property
    def people(self) -> int:
        """How many there are."""
        return self._people.total()

    def on(self, arm: Arm) -> int:
        """Return how many people are on `arm`."""
        return sum(count for (its, _), count in self._people.items() if its is arm)

    def terms(self, each: Callable[[Arm, float], Terms]) -> Terms:
        """Return the logarithms of a mixture's terms, when a person of an arm and a share adds `each` of them."""
        sums = [0.0] * len(GRID)
        for (arm, share), count in self._people.items():
            sums = [have + count * more for have, more in zip(sums, each(arm, share), strict=True)]
        return tuple(sums)
