"""The calls of a simulated rollout that matter one by one: those that fail, are slow or late.

Calls are a Poisson process, and so are those of them that something happens to, independently of the others. So these
are drawn one by one, and the rest is drawn as a number for each minute and arm.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import accumulate
from math import log
from random import Random

from benchmarks.calibration.people import Crowd
from benchmarks.calibration.situations import Chances, Phase, Situation
from rollout.eligibility import Arm

OPERATIONS = ("restaurants.search", "restaurants.detail", "restaurants.save", "restaurants.count")
_UP_TO = list(accumulate((0.6, 0.25, 0.1)))
_STUCK_CALLS_PER_MINUTE = 20


@dataclass(slots=True)
class Call:
    """A call that something happened to; `times` more than 1 are one person's repetitions within a second."""

    minute: float
    person: int
    arm: Arm
    share: float
    fails: bool
    slow: bool
    late: bool
    operation: str
    times: int = 1


class Traffic:
    """The crowd of one rollout and what happens to its calls; the same `random` makes the same calls."""

    def __init__(self, situation: Situation, random: Random) -> None:
        self.situation, self._random = situation, random
        self.crowd = Crowd(random, situation.kinds, situation.requests_per_minute)

    def calls(self) -> Iterator[Call]:
        """Yield the calls that matter, in order."""
        loops = [self._loop(self._random.randrange(len(self.crowd.slots))) for _ in range(self.situation.stuck)]
        everybody = self._of_everybody()
        return merge(everybody, *loops, key=lambda call: call.minute) if loops else everybody

    def _of_everybody(self) -> Iterator[Call]:
        ends = [*(phase.start for phase in self.situation.phases[1:]), self.situation.minutes]
        for phase, end in zip(self.situation.phases, ends, strict=True):
            yield from self._in(phase, end)

    def _in(self, phase: Phase, end: int) -> Iterator[Call]:
        """Draw calls at the rate of the worse engine, and leave out those that would go well on the caller's own."""
        fails = max(phase.v3.fails, phase.v4.fails)
        happens = fails + max(_waits(phase.v3), _waits(phase.v4))
        mean, minute, draw = 1 / (self.situation.requests_per_minute * happens), float(phase.start), self._random.random
        slots, caller, share, retries = self.crowd.slots, self.crowd.caller, phase.share, self.situation.retries
        while (minute := minute - log(1.0 - draw()) * mean) < end:
            at, person = draw() * happens, caller()
            is_new = slots[person] < share
            own, waits = phase.v4 if is_new else phase.v3, at - fails
            failed, slow, late = at < own.fails, 0 <= waits < own.slow, 0 <= waits < own.late
            if failed or slow or late:
                arm = Arm.CANDIDATE if is_new else Arm.CONTROL
                times = 1 + int(self._random.expovariate(1 / retries)) if failed and retries else 1
                yield Call(minute, person, arm, share, failed, slow, late, _operation(draw()), times)

    def _loop(self, person: int) -> Iterator[Call]:
        """Yield the calls of a client that fails over and over from some moment on, whichever engine answers."""
        minute, end, slot = (
            self._random.random() * self.situation.minutes,
            self.situation.minutes,
            self.crowd.slots[person],
        )
        operation = _operation(self._random.random())
        while minute < end:
            share = self._share_at(minute)
            arm = Arm.CANDIDATE if slot < share else Arm.CONTROL
            yield Call(minute, person, arm, share, True, False, False, operation, _STUCK_CALLS_PER_MINUTE)
            minute += 1

    def _share_at(self, minute: float) -> float:
        return [phase.share for phase in self.situation.phases if phase.start <= minute][-1]


def _waits(chances: Chances) -> float:
    """Return the chance to be slow or late; who meets the rarer of the two meets the other as well."""
    return max(chances.slow, chances.late)


def _operation(at: float) -> str:
    return OPERATIONS[bisect_right(_UP_TO, at)]
