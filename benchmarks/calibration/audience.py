"""How many people of an arm were seen in an epoch, drawn as a number, not person by person.

A person's calls that go well are independent of those that do not. So people whom nothing happened to turn up as a
number that grows by chance; somebody whom something happens to may have been among them before, with the chance of
anybody of the same kind.
"""

from math import exp
from random import Random

from benchmarks.calibration.draws import binomial
from benchmarks.calibration.people import Crowd, Kind


class Audience:
    """The people of one arm in one epoch."""

    def __init__(self, random: Random, crowd: Crowd, people: list[int], minute: float) -> None:
        self._random, self._crowd, self._minute = random, crowd, minute
        self._untouched = list(people)  # by kind: nothing has happened to them in this epoch
        self._unseen = list(people)  # those of them who have not called either
        self._touched: set[int] = set()
        self.seen = 0

    def until(self, minute: float, well: float) -> None:
        """Let people call whom nothing happens to; `well` is the chance of a call neither to fail nor to be late."""
        hours, self._minute = (minute - self._minute) / 60, minute
        for number, kind in enumerate(self._crowd.kinds):
            new = binomial(self._random, self._unseen[number], _calls(kind, hours * well))
            self._unseen[number] -= new
            self.seen += new

    def touch(self, person: int) -> None:
        """Note that something happened to somebody of the arm."""
        if person in self._touched:
            return
        self._touched.add(person)
        kind = self._crowd.kind_of(person)
        if self._random.random() * self._untouched[kind] < self._unseen[kind]:
            self._unseen[kind] -= 1
            self.seen += 1
        self._untouched[kind] -= 1


def _calls(kind: Kind, hours: float) -> float:
    """Return the chance that somebody calls at least once in so many hours."""
    return 1 - exp(-kind.calls_per_hour * hours)
