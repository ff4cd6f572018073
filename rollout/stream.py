"""The failing people of one metric and operation, counted for every process at once. Pure.

Each process counts a person's first failure since its own start: when somebody whose last failure was in epoch a fails
in epoch b, exactly the processes that began after a and by b count it. So one tally for each epoch is enough, where a
process is the sum of the tallies from its epoch on: the failure is added to the tally of b and taken from that of a.
That makes a failure cost the same however many processes there are, and a new process cost nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import log

from rollout.eligibility import Arm
from rollout.mixture import log_mean_exp, worse
from rollout.processes import Process, Schedule
from rollout.tally import Tally

SPENT_AGE = timedelta(hours=24)
SPENT_LOG = log(1e-9)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What one process has counted, and the logarithms of its M and of its largest term."""

    process: Process
    candidate: int
    control: int
    log_mixture: float
    log_largest: float


class Stream:
    """The people who failed, of one metric and operation; `weight` is its share v of α."""

    __slots__ = ("_by_epoch", "_moved", "_seen", "_weighed", "_weighed_for", "weight")

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._seen: dict[str, int] = {}  # identity -> epoch of the last failure counted
        self._by_epoch: dict[int, Tally] = {}
        self._moved: dict[int, int] = {}  # epoch of a dropped process -> the process before it
        self._weighed: tuple[Weighed, ...] | None = None
        self._weighed_for: Schedule = ()

    def observe(self, identity: str, arm: Arm, share: float, epoch: int) -> None:
        """Count a failure; one in the epoch of the person's last one, or before it, changes nothing."""
        last = self._seen.get(identity)
        if last is not None and epoch <= last:
            return
        self._seen[identity] = epoch
        self._tally(epoch).count(arm, share)
        if last is not None:
            self._tally(last).count(arm, share, -1)
        self._weighed = None

    def weigh(self, schedule: Schedule) -> tuple[Weighed, ...]:
        """Return what each process says that counts anybody, newest first; remembered until something changes."""
        if self._weighed is None or self._weighed_for != schedule:
            self._weighed, self._weighed_for = tuple(self._weigh(schedule)), schedule
        return self._weighed

    def drop_spent(self, schedule: Schedule, now: datetime) -> None:
        """Forget each process, but the first, that is older than 24 h with its largest term below 10⁻⁹."""
        spent = {
            weighed.process.epoch
            for weighed in self.weigh(schedule)
            if now - weighed.process.starts_at > SPENT_AGE and weighed.log_largest < SPENT_LOG
        }
        before = schedule[0].epoch
        for process in schedule[1:]:
            if process.epoch in spent:
                self._move(process.epoch, before)
            elif process.epoch not in self._moved:
                before = process.epoch

    def _weigh(self, schedule: Schedule) -> Iterator[Weighed]:
        waiting = sorted(self._by_epoch)
        since = Tally()
        for process in reversed(schedule):
            while waiting and waiting[-1] >= process.epoch:
                since.include(self._by_epoch[waiting.pop()])
            if process.epoch not in self._moved and since.people:
                yield _weighed(process, since)

    def _tally(self, epoch: int) -> Tally:
        while epoch in self._moved:
            epoch = self._moved[epoch]
        found = self._by_epoch.get(epoch)
        if found is None:
            found = self._by_epoch[epoch] = Tally()
        return found

    def _move(self, epoch: int, to: int) -> None:
        self._moved[epoch] = to
        self._weighed = None
        tally = self._by_epoch.pop(epoch, None)
        if tally is not None:
            self._tally(to).include(tally)


def _weighed(process: Process, tally: Tally) -> Weighed:
    terms = tally.terms(partial(worse, tolerance=process.tolerance))
    candidate, control = tally.on(Arm.CANDIDATE), tally.on(Arm.CONTROL)
    return Weighed(process, candidate, control, log_mean_exp(terms), max(terms))
