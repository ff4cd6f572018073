"""Which looks cannot decide, so that they need not be taken. Nothing here decides anything.

A person on v3 lowers all evidence against v4, and one on v4 multiplies a term by at most its own largest factor. So
after a real look it is known how many more people of v4 have to fail before another one can reach a threshold.
"""

from collections.abc import Sequence
from math import ceil, log

from rollout.eligibility import Arm
from rollout.evidence import ALL_OPERATIONS, ENOUGH, AttemptEvidence, FirstFailure, Metric
from rollout.mixture import worse
from rollout.processes import Process, Schedule
from rollout.step_limits import Cell, excess
from rollout.stream import Stream

_ROUNDING = 1e-9
_TRIED = (16, 4, 2, 1)


class PatientEvidence(AttemptEvidence):
    """The evidence of an attempt, which also says when it cannot have reached 1/α."""

    def __init__(self, operations: Sequence[str]) -> None:
        super().__init__(operations)
        self._left: dict[tuple[Metric, str | None], int] = {}
        self._ripe: set[tuple[Metric, str | None]] = set()

    def observe(self, failure: FirstFailure) -> None:
        """Count a failure as every evidence does."""
        super().observe(failure)
        if failure.arm is Arm.CANDIDATE:
            for key in ((failure.metric, ALL_OPERATIONS), (failure.metric, failure.operation)):
                self._left[key] = left = self._left.get(key, 0) - 1
                if left <= 0:
                    self._ripe.add(key)

    def change(self) -> None:
        """Forget what was known: the share changes, and with it what a failure says."""
        self._ripe.update(self._left)

    def begin(self, process: Process, share: float) -> None:
        """Let a process begin, which has counted nobody yet."""
        for key, left in self._left.items():
            self._left[key] = min(left, _needed(process, self._streams[key].weight, 0.0, share))

    def may_decide(self, schedule: Schedule, share: float) -> bool:
        """Return whether a look may find E ≥ 1/α; exact for those streams in which enough people have failed since."""
        for key in self._ripe:
            self._left[key] = people_needed(self._streams[key], schedule, share)
        self._ripe = {key for key in self._ripe if self._left[key] <= 0}
        return bool(self._ripe)


def people_needed(stream: Stream, schedule: Schedule, share: float) -> int:
    """Return how many more people have to fail on v4, at least, before a process of the stream reaches 1/α."""
    found = {weighed.process.epoch: weighed.log_mixture for weighed in stream.weigh(schedule)}
    return min(_needed(process, stream.weight, found.get(process.epoch, 0.0), share) for process in schedule)


def _needed(process: Process, weight: float, log_mixture: float, share: float) -> int:
    largest = max(worse(Arm.CANDIDATE, share, process.tolerance))
    missing = log(ENOUGH / (weight * process.weight)) - log_mixture
    return ceil(missing / largest - _ROUNDING)


def people_to_spare(metric: Metric, before: Sequence[Cell], now: Cell, schedule: Schedule) -> int:
    """Return how many more people may fail in this epoch without a limit being exceeded for certain.

    More people who are fine only lower the evidence, and one who fails raises it most when counted as fine before.
    """
    return next((more for more in _TRIED if not _exceeds(metric, before, now, more, schedule)), 0)


def _exceeds(metric: Metric, before: Sequence[Cell], now: Cell, more: int, schedule: Schedule) -> bool:
    failing = now.failing + more
    cell = Cell(now.epoch, now.limit, max(now.people, failing), failing)
    found = excess(metric, [*before, cell], schedule)
    return found is not None and found.is_proven
