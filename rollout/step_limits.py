"""How sure we may be, at any time, that more of v4's people fail, or wait too long, than the step allows. Pure.

A binomial likelihood ratio, mixed over how many times the limit is exceeded: with L the limit as a share of people,
each term is multiplied by r for a person who failed, else by (1 − r·L)/(1 − L); M is the mean over r. The processes are
those of the evidence, with the same weights. Within an epoch, which is at most an hour, a person is counted once.

Somebody who has not failed yet may still do so before the epoch ends. As long as everybody's chance of that is at most
L, the terms are never above a supermartingale: (1 − r·L)/(1 − L) grows, on average over what may still come, to at most
1. So the guarantee holds at every look, not only at the end of an epoch (Ville; Howard, Ramdas et al. 2021).
It needs no control arm, which is what guards FULL, where comparing is blind. Where there is one, its people are counted
in the same epochs: what both arms exceed together is an outage, also while it has just begun and long after it is over.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from rollout.evidence import Metric
from rollout.mixture import Terms, exp, log_mean_exp
from rollout.processes import Process, Schedule
from rollout.proof import time_until

ENOUGH = 200.0
"""1/α for the whole attempt: α is 0.5 %, one half for each metric."""
RATIOS: Terms = (1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
KEPT_ENOUGH = 20.0
"""As for the comparison (`rollout.proof`): a proof may be wrong in 5 % of steps, an accusation may not."""
SLOW_LIMIT = 0.05
"""How many people may be slower than the step's p95: 5 %, by what a p95 is."""

FEWEST_SHARED = 2
"""One failing person on v3 is no outage."""

_CEILING = 0.99
_FLOOR = 0.0001


@dataclass(frozen=True, slots=True)
class Cell:
    """The people of the candidate arm in one epoch: how many there were, and how many of them failed (or were slow).

    The same of the control arm stands beside it. It proves nothing, but it may clear v4.
    """

    epoch: int
    limit: float
    """The share of people who may fail, 0 to 1."""
    people: int
    failing: int
    control_people: int = 0
    control_failing: int = 0

    @property
    def terms(self) -> list[float]:
        """What the people of this cell add to the logarithm of each term."""
        fine = self.people - self.failing
        return [self.failing * bad + fine * good for bad, good in _log_ratios(self.limit)]

    @property
    def as_control(self) -> float:
        """How many of the candidate arm's people would have failed at control's rate."""
        return self.people * self.control_failing / self.control_people if self.control_people else 0.0


@dataclass(frozen=True, slots=True)
class Excess:
    """What the strongest process says of one limit; the counts are people in epochs since the process began."""

    metric: Metric
    process: Process
    mixture: float
    people: int
    failing: int
    control_failing: int = 0
    """How many of v3's people failed in the same epochs."""
    as_control: float = 0.0
    """How many of `people` would have failed, had as large a part of them failed in each epoch as of v3's people."""
    allowed: float = 0.0
    """How many of `people` may fail."""

    @property
    def value(self) -> float:
        """v·w·M."""
        return self.process.weight * self.mixture / len(Metric)

    @property
    def is_proven(self) -> bool:
        """Whether the limit is exceeded, with a chance of at most 0.5 % in an attempt to be wrong about any."""
        return self.value >= ENOUGH

    @property
    def is_shared(self) -> bool:
        """Whether v4's people would be over the limit on v3 as well: then it is not v4 who is to blame."""
        return self.control_failing >= FEWEST_SHARED and self.as_control > self.allowed

    @property
    def rank(self) -> tuple[bool, float]:
        """What is proven against v4 alone comes first, then what is strongest."""
        return self.is_proven and not self.is_shared, self.value


@dataclass(frozen=True, slots=True)
class Kept:
    """How far it is proven that v4 keeps a limit of the step; the counts are people of the step."""

    metric: Metric
    limit: float
    mixture: float
    people: int
    failing: int
    expected: timedelta | None = None
    """How long until it is proven at present traffic; None when that is not within a year."""

    @property
    def is_proven(self) -> bool:
        """Whether fewer people than the limit allows fail, with a chance of at most 5 % in a step to be wrong."""
        return self.mixture >= KEPT_ENOUGH


def kept(metric: Metric, limit: float, people: int, failing: int, people_per_hour: float = 0.0) -> Kept:
    """Return how far it is proven that fewer than `limit` (0 to 1) of v4's people fail.

    The mirror of `excess`: each term is multiplied by 1/r for a person who failed, else by (1 − L/r)/(1 − L), which on
    average grows to at most 1 when everybody's chance of failing is L or more. Somebody who has just come counts as
    fine so far; over a step's dwell that is a small part of the people.
    """
    ratios = _kept_ratios(limit)
    terms = [failing * bad + (people - failing) * fine for bad, fine in ratios]
    share = failing / people if people else 0.0
    drift = [people_per_hour * (share * bad + (1 - share) * fine) for bad, fine in ratios]
    return Kept(metric, limit, exp(log_mean_exp(terms)), people, failing, time_until(KEPT_ENOUGH, terms, drift))


@lru_cache(maxsize=256)
def _kept_ratios(limit: float) -> tuple[tuple[float, float], ...]:
    limit = min(max(limit, _FLOOR), _CEILING)
    return tuple((-math.log(ratio), math.log((1 - limit / ratio) / (1 - limit))) for ratio in RATIOS)


def excess(metric: Metric, cells: Iterable[Cell], schedule: Schedule) -> Excess | None:
    """Return the strongest evidence that the limit is exceeded, or None while nobody was counted."""
    waiting = sorted(cells, key=lambda cell: cell.epoch)
    terms, people, failing = [0.0] * len(RATIOS), 0, 0
    control_failing, as_control, allowed = 0, 0.0, 0.0
    found: list[Excess] = []
    for process in reversed(schedule):
        while waiting and waiting[-1].epoch >= process.epoch:
            cell = waiting.pop()
            terms = [have + more for have, more in zip(terms, cell.terms, strict=True)]
            people, failing = people + cell.people, failing + cell.failing
            control_failing += cell.control_failing
            as_control, allowed = as_control + cell.as_control, allowed + cell.limit * cell.people
        if people:
            mixture = exp(log_mean_exp(terms))
            found.append(Excess(metric, process, mixture, people, failing, control_failing, as_control, allowed))
    return max(found, key=lambda one: one.rank, default=None)


@lru_cache(maxsize=256)
def _log_ratios(limit: float) -> tuple[tuple[float, float], ...]:
    """Return, for each r, the logarithms for a person who failed and for one who did not.

    r·L is capped at 99 %: any chance is a valid alternative, and at 100 % one person who is served would end the term.
    """
    limit = min(max(limit, _FLOOR), _CEILING)
    chances = [min(ratio * limit, _CEILING) for ratio in RATIOS]
    return tuple((math.log(chance / limit), math.log((1 - chance) / (1 - limit))) for chance in chances)
