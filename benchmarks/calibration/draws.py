"""Random numbers that the standard library of Python 3.11 does not draw."""

import math
from random import Random

_EXACT_UP_TO = 16.0


def poisson(random: Random, mean: float) -> int:
    """Return how many events happen where `mean` are expected; from 16 on the rounded normal distribution stands in."""
    if mean > _EXACT_UP_TO:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def binomial(random: Random, people: int, chance: float) -> int:
    """Return how many of `people` something happens to; where 16 are expected, the rounded normal stands in."""
    if people <= 0 or chance <= 0:
        return 0
    mean = people * chance
    if mean > _EXACT_UP_TO:
        drawn = round(random.gauss(mean, math.sqrt(mean * (1 - chance))))
        return min(max(drawn, 0), people)
    return _by_gaps(random, people, chance)


def _by_gaps(random: Random, people: int, chance: float) -> int:
    """Go from one to whom it happens to the next; the gaps are geometric."""
    if chance >= 1:
        return people
    scale, at, count = math.log1p(-chance), 0, 0
    while True:
        at += 1 + int(math.log(1.0 - random.random()) / scale)
        if at > people:
            return count
        count += 1
