"""What one person says about v4, as logarithms of likelihood ratios, and mixtures of them. Pure.

The randomisation is the test: a person's slot was random, so if v4 multiplies the chance of failing by r, somebody who
fails is on v4 with the chance θ(r) = r·p / (r·p + 1 − p), where p is the share of people on v4, whatever the traffic,
the hour or a common outage. A product of such likelihood ratios, averaged over several r, is an e-process: under its
null it exceeds c ever with a chance of at most 1/c. Sources: Lindon & Malek, "Anytime-valid inference for multinomial
count data", NeurIPS 2022, arXiv 2011.03567 (the conditional test and its mixture); Ville 1939 and Howard, Ramdas,
McAuliffe & Sekhon, Annals of Statistics 49, 2021 (valid at any time).
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from rollout.eligibility import Arm

Terms = tuple[float, ...]
"""One logarithm for each alternative of a mixture."""

GRID: Terms = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0)
"""How many times as many people v4 may fail, in the alternatives: fixed beforehand, as the proof requires."""

_LARGEST_LOG = 690.0


def theta(ratio: float, share: float) -> float:
    """Return the chance that a failing person is on v4, when v4 fails `ratio` times as many of its people as v3."""
    return ratio * share / (ratio * share + 1 - share)


def log_ratios(arm: Arm, share: float, null: float, alternatives: Terms) -> Terms:
    """Return log θ(r)/θ(null) for each r of `alternatives`, or log (1 − θ(r))/(1 − θ(null)) for somebody on control.

    `share` lies strictly between 0 and 1: where everybody is on one arm, nothing can be learnt by comparing.
    """
    scale = math.log(null * share + 1 - share)
    return tuple(
        scale - math.log(ratio * share + 1 - share) + (math.log(ratio / null) if arm is Arm.CANDIDATE else 0.0)
        for ratio in alternatives
    )


@lru_cache(maxsize=1024)
def worse(arm: Arm, share: float, tolerance: float) -> Terms:
    """Return what a failing person adds to the evidence that v4 fails more than `tolerance` times as many people."""
    return log_ratios(arm, share, tolerance, tuple(tolerance * ratio for ratio in GRID))


@lru_cache(maxsize=1024)
def not_worse(arm: Arm, share: float, ratio: float) -> Terms:
    """Return what a failing person adds to the proof that v4 fails fewer than `ratio` times as many people."""
    return log_ratios(arm, share, ratio, tuple(ratio / divisor for divisor in GRID))


def log_mean_exp(terms: Sequence[float]) -> float:
    """Return the logarithm of the mean of exp(terms), without leaving the range of a float."""
    largest = max(terms)
    return largest + math.log(math.fsum(math.exp(term - largest) for term in terms) / len(terms))


def exp(logarithm: float) -> float:
    """Return e to `logarithm`; what is beyond any threshold stays at 10²⁹⁹, so that it can be shown and stored."""
    return math.exp(min(logarithm, _LARGEST_LOG))
