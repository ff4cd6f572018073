"""The proof that v4 does not fail many more people than v3, which a step asks for before the next one. Pure.

The mirror of the evidence, one process for each step and metric: with r₁ the ratio to be excluded, each term is
multiplied by θ(r₁/r)/θ(r₁) for a failing person on v4, else by (1 − θ(r₁/r))/(1 − θ(r₁)). M ≥ 20 says "v4 does not
newly fail r₁ times as many people", wrong with a chance of at most 5 % in each step. Sources: see `rollout.mixture`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from rollout.eligibility import Arm
from rollout.evidence import FirstFailure, Metric
from rollout.mixture import Terms, exp, log_mean_exp, not_worse
from rollout.tally import Tally

ENOUGH = 20.0
RATIOS = (5.0, 2.0, 1.5, 1.5)
"""r₁ of the plan's steps, in order: the wider the step, the finer the question."""
FEWEST_TO_COMPARE = 20
"""Failing people of control below which a comparison could not be proven in any step's time."""
CONTROL_PEOPLE_PER_COUNT = 20
"""One in so many of control's people, 5 %, may be counted: beyond, exhaustion alone would prove anything."""

_LONGEST = timedelta(days=365)


def ratio_of(step: int) -> float:
    """Return r₁ of the plan's step number `step` (from 0); steps beyond the fourth are asked what the fourth is."""
    return RATIOS[min(step, len(RATIOS) - 1)]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a proof has come; the counts are failing people."""

    metric: Metric
    ratio: float
    mixture: float
    candidate: int
    control: int
    is_saturated: bool
    """It has counted as many of control's people as it may, and others wait."""
    control_people: int
    """People of control who failed in the step, counted or waiting."""
    expected: timedelta | None = None
    """How long until it is proven at present traffic; None when that cannot be said, or not within a year."""

    @property
    def is_proven(self) -> bool:
        """Whether M has reached 20, by what may be counted.

        When more than a twentieth of control's people fail, that was an outage, which both arms share: it says nothing
        of v4's own faults, so a person decides. That more of them wait once for a slow call is an ordinary day.
        """
        is_outage = self.is_saturated and self.metric is Metric.FAILURES
        return self.mixture >= ENOUGH and not is_outage

    @property
    def is_asked(self) -> bool:
        """A v3 that hardly ever fails cannot be compared with: then the step's limit is asked instead (`Kept`)."""
        return self.control_people >= FEWEST_TO_COMPARE


class Proof:
    """The proof of one step and metric, all operations together, brought up to date row by row.

    Feed it the step's rows in the order in which they happened.
    """

    def __init__(self, metric: Metric, ratio: float) -> None:
        self.metric, self.ratio = metric, ratio
        self._seen: set[str] = set()
        self._people: list[tuple[Arm, float]] = []  # arm and share of everybody, in order
        self._counted = 0
        self._tally = Tally()
        self._on_control = 0

    def observe(self, failure: FirstFailure) -> bool:
        """Note a failure, if it is of this metric and the person's first in the step; say whether it was."""
        if failure.metric is not self.metric or not failure.compares or failure.identity in self._seen:
            return False
        self._seen.add(failure.identity)
        self._people.append((failure.arm, failure.share))
        self._on_control += failure.arm is Arm.CONTROL
        return True

    def standing(self, control_people: int, per_hour: tuple[float, float] = (0.0, 0.0)) -> Standing:
        """Return how far it has come, when `control_people` were seen on control in this step.

        The number never falls; as it grows, people who had to wait are counted. `per_hour` is how many people newly
        fail an hour at present, on v4 and on v3, for the expected time.
        """
        self._count_up_to(control_people // CONTROL_PEOPLE_PER_COUNT)
        return Standing(
            metric=self.metric,
            ratio=self.ratio,
            mixture=exp(log_mean_exp(self._terms())),
            candidate=self._tally.on(Arm.CANDIDATE),
            control=self._tally.on(Arm.CONTROL),
            is_saturated=self._counted < len(self._people),
            control_people=self._on_control,
            expected=self._expected(*per_hour),
        )

    def _count_up_to(self, most: int) -> None:
        control = self._tally.on(Arm.CONTROL)
        while self._counted < len(self._people):
            arm, share = self._people[self._counted]
            if arm is Arm.CONTROL and control >= most:
                return
            self._tally.count(arm, share)
            self._counted += 1
            control += arm is Arm.CONTROL

    def _expected(self, on_candidate: float, on_control: float) -> timedelta | None:
        if not self._people:
            return None
        _, share = self._people[-1]
        for_candidate = not_worse(Arm.CANDIDATE, share, self.ratio)
        for_control = not_worse(Arm.CONTROL, share, self.ratio)
        drift = [on_candidate * v4 + on_control * v3 for v4, v3 in zip(for_candidate, for_control, strict=True)]
        return time_until(ENOUGH, self._terms(), drift)

    def _terms(self) -> Terms:
        return self._tally.terms(partial(not_worse, ratio=self.ratio))


def time_until(enough: float, terms: Sequence[float], drift: Sequence[float]) -> timedelta | None:
    """Return when the mixture reaches `enough`, if each of `terms` (logarithms) grows by its `drift` an hour.

    None means not within a year. This is the time on the mean path; a single run is sooner or later. The logarithm of
    the mixture is convex in time, so from below it crosses `enough` at most once, and halving finds where.
    """

    def is_enough(hours: float) -> bool:
        then = [term + hours * growth for term, growth in zip(terms, drift, strict=True)]
        return exp(log_mean_exp(then)) >= enough

    least, most = 0.0, _LONGEST / timedelta(hours=1)
    if is_enough(least):
        return timedelta(0)
    if not is_enough(most):
        return None
    while most - least > 1 / 60:
        middle = (least + most) / 2
        least, most = (least, middle) if is_enough(middle) else (middle, most)
    return timedelta(hours=most)
