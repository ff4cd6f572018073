"""Whether the two arms have as many people as the share says: if not, something else than the slot sorts people. Pure.

A two-sided mixture over r of θ(r)/p for each person whose first call in the step was on v4, else (1 − θ(r))/(1 − p).
It is Lindon & Malek's test of the sample ratio (NeurIPS 2022, arXiv 2011.03567), with a mixture of eight points.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rollout.eligibility import Arm
from rollout.mixture import Terms, exp, log_mean_exp, log_ratios

ENOUGH = 1000.0
RATIOS: Terms = (1 / 2, 2 / 3, 0.8, 0.9, 1 / 0.9, 1.25, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The people whose first call in the step was decided at `share`, by arm."""

    share: float
    candidate: int
    control: int

    @property
    def terms(self) -> list[float]:
        """What these people add to the logarithm of each term."""
        of_candidate = log_ratios(Arm.CANDIDATE, self.share, 1.0, RATIOS)
        of_control = log_ratios(Arm.CONTROL, self.share, 1.0, RATIOS)
        return [self.candidate * v4 + self.control * v3 for v4, v3 in zip(of_candidate, of_control, strict=True)]


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """How the people of a step divide; `misplaced` are identities whose recorded arm is not that of their slot."""

    mixture: float = 1.0
    candidate: int = 0
    control: int = 0
    misplaced: tuple[str, ...] = ()

    @property
    def is_off(self) -> bool:
        """Whether the arms cannot be compared: one misplaced person is a fault, an odd ratio is evidence of one."""
        return bool(self.misplaced) or self.mixture >= ENOUGH


def sample_ratio(arrivals: Iterable[Arrivals], misplaced: Iterable[str] = ()) -> SampleRatio:
    """Weigh a step's arrivals; those decided at 0 or 100 %, where there is only one arm, say nothing."""
    terms, candidate, control = [0.0] * len(RATIOS), 0, 0
    for group in arrivals:
        if 0 < group.share < 1:
            terms = [have + more for have, more in zip(terms, group.terms, strict=True)]
            candidate, control = candidate + group.candidate, control + group.control
    return SampleRatio(exp(log_mean_exp(terms)), candidate, control, tuple(misplaced))
