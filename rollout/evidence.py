"""How sure we may be, at any time, that v4 fails more people than v3. Pure; docs/judgement.md checks a case by hand.

For one metric and operation, a process with tolerance r₀ keeps one term for each r of the grid and multiplies it, for
each person's first failure since the process began, by θ(r₀·r)/θ(r₀) if the person is on v4, else by
(1 − θ(r₀·r))/(1 − θ(r₀)); M is the mean of its terms. The evidence is E = max of v·w·M over metrics, operations and
processes, where the v and the w each sum to at most 1: so E reaches 1/α ever, although v4 is no worse, with a chance of
at most α. The maximum, since processes that share people live in different filtrations and only a union bound holds for
all of them (Choe & Ramdas, arXiv 2402.09698). Sources of the terms: see `rollout.mixture`.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import log
from typing import Self

from rollout.eligibility import Arm
from rollout.mixture import exp, log_mean_exp, worse
from rollout.processes import START_TOLERANCE, Process, Schedule
from rollout.stream import Stream, Weighed

ENOUGH = 100.0
"""1/α for the whole attempt, over all stages, looks, metrics and operations: α is 1 %."""
SUSPICIOUS = 20.0

_MOST_PEOPLE = 10**9

ALL_OPERATIONS = None
"""The operation of a finding that is about all of a feature's operations together."""


class Metric(StrEnum):
    """What is counted against an engine."""

    FAILURES = "failures"
    SLOW = "slow"
    """A call longer than v3's own p99 of this operation, frozen when the step starts."""


@dataclass(frozen=True, slots=True)
class FirstFailure:
    """The first time in an epoch that somebody met a metric in an operation: one row of what the guard keeps.

    `arm` is the slot's, whichever engine answered in the end; `share` (0 to 1) is the effective share of the decision
    that served the call; `epoch` names the process that had begun last (`rollout.processes.epoch_at`).
    """

    identity: str
    arm: Arm
    share: float
    at: datetime
    metric: Metric
    operation: str
    epoch: int

    @property
    def compares(self) -> bool:
        """Whether there were two arms to compare; at 0 and 100 % nothing can be learnt this way."""
        return 0 < self.share < 1


@dataclass(frozen=True, slots=True)
class Finding:
    """What one process says of one metric and operation; `weight` is v·w, the counts are people."""

    metric: Metric
    operation: str | None
    process: Process
    weight: float
    mixture: float
    """M, the evidence before it is weighted."""
    candidate: int
    control: int

    @property
    def value(self) -> float:
        """v·w·M."""
        return self.weight * self.mixture

    @property
    def people(self) -> int:
        """How many failing people it counts."""
        return self.candidate + self.control


@dataclass(frozen=True, slots=True)
class Regression:
    """The evidence against v4 as it stands, at most one finding for each metric and operation, strongest first.

    A culprit reaches 1/α by itself (the chance that any is named wrongly is at most α); a suspect only has M ≥ 20.
    """

    strongest: Finding | None = None
    culprits: tuple[Finding, ...] = ()
    suspects: tuple[Finding, ...] = ()

    @property
    def value(self) -> float:
        """E; 0 as long as nobody failed."""
        return self.strongest.value if self.strongest else 0.0

    @property
    def is_proven(self) -> bool:
        """Whether v4 is worse, with a chance of at most α to be wrong ever: REGRESSED."""
        return self.value >= ENOUGH


class AttemptEvidence:
    """The evidence of one attempt at one feature, brought up to date row by row.

    Feed it the rows in the order in which they happened; the same rows rebuild the same evidence. `observe` costs some
    microseconds however many people there are; `regression` costs one small sum per process.
    """

    def __init__(self, operations: Sequence[str]) -> None:
        """Begin an attempt; half of each metric's weight is shared by the `operations` registered at its start."""
        each = 1 / len(Metric)
        self._streams: dict[tuple[Metric, str | None], Stream] = {}
        for metric in Metric:
            self._streams[metric, ALL_OPERATIONS] = Stream(each / 2)
            for operation in operations:
                self._streams[metric, operation] = Stream(each / 2 / len(operations))

    @classmethod
    def replayed(cls, operations: Sequence[str], rows: Iterable[FirstFailure]) -> Self:
        """Rebuild the evidence from rows in any order."""
        evidence = cls(operations)
        for row in sorted(rows, key=lambda row: (row.epoch, row.at)):
            evidence.observe(row)
        return evidence

    def observe(self, failure: FirstFailure) -> None:
        """Count a failure, unless the person failed before in the same epoch.

        An operation that was not registered at the start has no share of α of its own; it counts with all operations.
        """
        if not failure.compares:
            return
        for operation in (ALL_OPERATIONS, failure.operation):
            stream = self._streams.get((failure.metric, operation))
            if stream is not None:
                stream.observe(failure.identity, failure.arm, failure.share, failure.epoch)

    def drop_spent(self, schedule: Schedule, now: datetime) -> None:
        """Forget the processes that say nothing any more. It never raises the evidence; once an hour will do."""
        for stream in self._streams.values():
            stream.drop_spent(schedule, now)

    def regression(self, schedule: Schedule) -> Regression:
        """Return what all processes of `schedule` say now."""
        strongest = self._findings(schedule, lambda one: log(one.process.weight) + one.log_mixture)
        likely = self._findings(schedule, lambda one: one.log_mixture)
        return Regression(
            strongest=strongest[0] if strongest else None,
            culprits=tuple(one for one in strongest if one.value >= ENOUGH),
            suspects=tuple(one for one in likely if one.mixture >= SUSPICIOUS),
        )

    def _findings(self, schedule: Schedule, strength: Callable[[Weighed], float]) -> list[Finding]:
        """Return the strongest process of each stream, strongest first."""
        weighed = ((key, stream.weight, stream.weigh(schedule)) for key, stream in self._streams.items())
        findings = [_finding(key, weight, max(each, key=strength)) for key, weight, each in weighed if each]
        return sorted(findings, key=lambda finding: finding.value, reverse=True)


def fewest_people(share: float, weight: float, tolerance: float = START_TOLERANCE) -> int:
    """Return how many people v4 must fail, while v3 fails nobody, before a process of `weight` (v·w) decides.

    This is how many meet a failing v4 at least. It grows steeply with the share: at 99 % hardly anybody is left to
    compare with, which is why FULL is guarded by its limits and the breakers.
    """
    each = worse(Arm.CANDIDATE, share, tolerance)
    return bisect_left(
        range(_MOST_PEOPLE), log(ENOUGH / weight), key=lambda people: log_mean_exp([people * term for term in each])
    )


def _finding(key: tuple[Metric, str | None], weight: float, one: Weighed) -> Finding:
    process = one.process
    return Finding(*key, process, weight * process.weight, exp(one.log_mixture), one.candidate, one.control)
