"""The guard of a simulated rollout: it keeps what a real one keeps, and asks the real code for its verdict."""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import product
from random import Random

from benchmarks.calibration.audience import Audience
from benchmarks.calibration.counts import Counts
from benchmarks.calibration.patience import PatientEvidence, people_to_spare
from benchmarks.calibration.people import Crowd
from benchmarks.calibration.situations import Phase, Situation
from benchmarks.calibration.traffic import OPERATIONS, Call
from rollout.eligibility import Arm
from rollout.evidence import FirstFailure, Metric, Regression
from rollout.processes import epoch_at, schedule
from rollout.situation import Evidence, Limits, Window
from rollout.step_limits import SLOW_LIMIT, Cell, Excess, excess
from rollout.verdict import Verdict, judge

START = datetime(2026, 3, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)

Judge = Callable[[Window, Evidence, Limits], Verdict]


class Looks(StrEnum):
    """When the guard looks."""

    SPARED = "spared"
    """After every failure and every minute; looks that cannot decide are left out."""
    ALL = "all"
    """After every failure and every minute, each one really taken."""
    SECONDS = "seconds"
    """Every second, each one really taken."""


def moment(minute: float) -> datetime:
    """Return the time that is so many minutes after the start of the attempt."""
    return START + minute * _MINUTE


class Guard:
    """One attempt, its evidence, its step's cells and its rates."""

    def __init__(self, situation: Situation, crowd: Crowd, seed: str, looks: Looks, judge: Judge = judge) -> None:
        self._looks, self._judge, self._random, self._crowd = looks, judge, Random(f"people {seed}"), crowd
        self.on_v4 = [0] * len(crowd.sizes)
        self._all = schedule(START, [moment(minute) for minute in situation.changes], moment(situation.minutes))
        self._starts = [(process.starts_at - START) / _MINUTE for process in self._all]
        self._begun, self._epoch = self._all[:0], 0
        self._evidence = PatientEvidence(OPERATIONS)
        self._regression = Regression()
        self._changed = False
        self._noted: dict[Metric, set[tuple[str, int]]] = {metric: set() for metric in Metric}
        self._cells: dict[Metric, list[Cell]] = {metric: [] for metric in Metric}
        self._failing: dict[tuple[Metric, Arm], set[int]] = {key: set() for key in product(Metric, Arm)}
        self._spare: dict[Metric, int] = dict.fromkeys(Metric, 0)
        self._excesses: dict[Metric, Excess | None] = dict.fromkeys(Metric)
        self.counts = Counts(seed, crowd)
        self._phases, self._phase = deque(situation.phases), situation.phases[0]
        self._audiences = self._empty_rooms(0)
        self._now, self._step_since = START, 0.0
        self._limits = Limits(self._phase.step)

    def turn(self, minute: int) -> None:
        """Begin what begins at `minute`: processes, and with them an epoch, and the next phase."""
        self._now, begun = moment(minute), bisect_right(self._starts, minute)
        is_new_epoch = begun > len(self._begun)
        if is_new_epoch:
            self._close_cells(minute)
        if self._phases and self._phases[0].start <= minute:
            self._begin(self._phases.popleft())
        if is_new_epoch:
            self._open_epoch(begun, minute)

    def _begin(self, phase: Phase) -> None:
        if phase.share != self._phase.share or not any(self.on_v4):
            self.on_v4, self._step_since = self._crowd.below(phase.share), phase.start
            self._evidence.change()
        self._phase, self._limits = phase, Limits(phase.step)
        self.counts.begin(phase, self.on_v4)

    def _close_cells(self, minute: int) -> None:
        if self._begun:
            self._let_call(minute)
            for metric in Metric:
                self._cells[metric].append(self._cell(metric))
        self._failing = {key: set() for key in product(Metric, Arm)}
        self._spare = dict.fromkeys(Metric, 0)
        self._excesses = dict.fromkeys(Metric)

    def _open_epoch(self, begun: int, minute: int) -> None:
        self._begun = self._all[:begun]
        self._epoch = epoch_at(self._begun, moment(minute))
        self._evidence.begin(self._begun[-1], self._phase.share)
        self._noted = {metric: set() for metric in Metric}
        self._audiences = self._empty_rooms(minute)

    def _empty_rooms(self, minute: float) -> dict[Arm, Audience]:
        on_v3 = [size - new for size, new in zip(self._crowd.sizes, self.on_v4, strict=True)]
        people = {Arm.CANDIDATE: self.on_v4, Arm.CONTROL: on_v3}
        return {arm: Audience(self._random, self._crowd, of_arm, minute) for arm, of_arm in people.items()}

    def _cell(self, metric: Metric) -> Cell:
        limit = float(self._phase.step.max_error_percent) / 100 if metric is Metric.FAILURES else SLOW_LIMIT
        v4, v3 = ((self._audiences[arm].seen, len(self._failing[metric, arm])) for arm in (Arm.CANDIDATE, Arm.CONTROL))
        return Cell(self._epoch, limit, *v4, *v3)

    def note(self, call: Call) -> None:
        """Count a call that failed, was slow or late."""
        self.counts.add(call)
        if call.fails:
            self._observe(Metric.FAILURES, call)
        if call.slow:
            self._observe(Metric.SLOW, call)
        if call.fails or call.late:
            self._count(call)

    def _observe(self, metric: Metric, call: Call) -> None:
        noted, key = self._noted[metric], (call.operation, call.person)
        if key in noted:
            return
        noted.add(key)
        who = f"u:{call.person}"
        self._evidence.observe(FirstFailure(who, call.arm, call.share, self._now, metric, call.operation, self._epoch))
        self._changed = True

    def _count(self, call: Call) -> None:
        """Count a person against the step's limits; on v4 that is when it matters how many people were seen."""
        if call.arm is Arm.CANDIDATE:
            self._let_call(call.minute)
        self._audiences[call.arm].touch(call.person)
        for metric, met in ((Metric.FAILURES, call.fails), (Metric.SLOW, call.late)):
            failing = self._failing[metric, call.arm]
            if met and call.person not in failing:
                failing.add(call.person)
                self._spare[metric] -= call.arm is Arm.CANDIDATE

    def _let_call(self, minute: float) -> None:
        for arm, chances in ((Arm.CANDIDATE, self._phase.v4), (Arm.CONTROL, self._phase.v3)):
            self._audiences[arm].until(minute, 1 - chances.fails - chances.late)

    def may_decide(self) -> bool:
        """Return whether a look now may find a reason to roll back; False is certain.

        A failure on v3 speaks for v4 and against v3, so it turns no verdict into a rollback.
        """
        return min(self._spare.values()) <= 0 or self._evidence.may_decide(self._begun, self._phase.share)

    def look(self, minute: float) -> Verdict:
        """Take a look, and return what the real judgement says."""
        if self._looks is not Looks.SPARED or self._evidence.may_decide(self._begun, self._phase.share):
            self._regression = self._evidence.regression(self._begun) if self._changed else self._regression
            self._changed = False
        found = [one for metric in Metric if (one := self._excess(metric))]
        window = self.counts.window(self._phase, minute % 1, (minute - self._step_since) * _MINUTE)
        return self._judge(window, Evidence(self._regression, tuple(found)), self._limits)

    def _excess(self, metric: Metric) -> Excess | None:
        """Return how far a limit is exceeded, or None where it is certain that it is not proven."""
        cell, before = self._cell(metric), self._cells[metric]
        if self._looks is not Looks.ALL and self._spare[metric] > 0:
            return self._excesses[metric]
        self._excesses[metric] = found = excess(metric, [*before, cell], self._begun)
        if found is None or not found.is_proven:
            self._spare[metric] = (
                people_to_spare(metric, before, cell, self._begun) if self._looks is Looks.SPARED else 1
            )
        return found
