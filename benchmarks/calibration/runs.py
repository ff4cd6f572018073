"""One simulated rollout from its start to the verdict."""

from dataclasses import dataclass, field
from random import Random

from benchmarks.calibration.contest import Contest
from benchmarks.calibration.guard import Guard, Judge, Looks
from benchmarks.calibration.situations import Situation
from benchmarks.calibration.traffic import Call, Traffic
from rollout.eligibility import Arm
from rollout.verdict import Rollback, judge

_SECOND = 1 / 60


@dataclass(slots=True)
class Outcome:
    """What became of one rollout; minutes count from its start."""

    minute: float | None = None
    """When it was rolled back; None if it never was."""
    reason: str = ""
    people: int = 0
    """How many people v4 had failed by then, since it broke."""
    rivals: dict[str, tuple[int, int]] = field(default_factory=dict)
    """When each rival would have rolled back, and how many people v4 had failed by then."""


class Run:
    """A rollout under way."""

    def __init__(
        self, situation: Situation, seed: str, looks: Looks, judge: Judge = judge, *, compare: bool = True
    ) -> None:
        self._situation, self._looks = situation, looks
        self._traffic = Traffic(situation, Random(f"calls {seed}"))
        self._guard = Guard(situation, self._traffic.crowd, seed, looks, judge)
        self._contest = Contest(self._traffic.crowd) if compare else None
        self._changes = {0, *situation.changes}
        self._met: set[int] = set()
        self._next_minute, self._next_second = 1, 1
        self.outcome = Outcome()

    def finish(self) -> Outcome:
        """Go on until everybody has rolled back, or the time is over."""
        self._turn(0)
        for call in self._traffic.calls():
            if call.minute >= self._next_minute or self._looks is Looks.SECONDS:
                self._until(call.minute)
            if self.outcome.minute is not None and self._is_over:
                return self.outcome
            self._meet(call)
        self._until(self._situation.minutes)
        return self.outcome

    @property
    def _is_over(self) -> bool:
        """Whether the rivals have decided too."""
        return self._contest is None or self._contest.is_over

    def _meet(self, call: Call) -> None:
        if call.fails and call.arm is Arm.CANDIDATE and call.minute >= (self._situation.fault_at or 0):
            self._met.add(call.person)
        if self._contest:
            self._contest.note(call)
        if self.outcome.minute is not None:
            self._guard.counts.add(call)
            return
        self._guard.note(call)
        if self._looks is Looks.ALL or (self._looks is Looks.SPARED and call.arm is Arm.CANDIDATE):
            self._look(call.minute)

    def _until(self, minute: float) -> None:
        """Let whole minutes end, and whole seconds where the guard looks at each, up to `minute`."""
        while self._next_minute <= minute:
            self._seconds_until(self._next_minute - _SECOND / 2)
            self._end_minute(self._next_minute)
            self._next_minute += 1
        self._seconds_until(minute)

    def _seconds_until(self, minute: float) -> None:
        while self._looks is Looks.SECONDS and self._next_second * _SECOND <= minute:
            if self._next_second % 60:
                self._look(self._next_second * _SECOND)
            self._next_second += 1

    def _end_minute(self, minute: int) -> None:
        self._guard.counts.close()
        self._look(minute)
        if self._contest:
            self._contest.close(minute, self._guard.counts.minute(minute - 1))
            for name in self._contest.decided.keys() - self.outcome.rivals.keys():
                self.outcome.rivals[name] = minute, len(self._met)
        self._turn(minute)

    def _turn(self, minute: int) -> None:
        self._guard.turn(minute)
        if self._contest and minute in self._changes:
            self._contest.change(self._guard.on_v4)

    def _look(self, minute: float) -> None:
        if self.outcome.minute is not None or (self._looks is Looks.SPARED and not self._guard.may_decide()):
            return
        verdict = self._guard.look(minute)
        if isinstance(verdict, Rollback):
            self.outcome.minute, self.outcome.reason, self.outcome.people = minute, verdict.reason, len(self._met)


def simulate(situation: Situation, seed: str, looks: Looks = Looks.SPARED, *, compare: bool = True) -> Outcome:
    """Return what becomes of a rollout; the same seed makes the same calls, however the guard looks."""
    return Run(situation, seed, looks, compare=compare).finish()
