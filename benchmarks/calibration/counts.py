"""What every minute counts for each arm: calls, failures, late calls. The guard's rates and the rivals live on it."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from benchmarks.calibration.draws import poisson
from benchmarks.calibration.people import Crowd
from benchmarks.calibration.situations import Chances, Phase
from benchmarks.calibration.traffic import Call
from rollout.eligibility import Arm
from rollout.situation import WINDOW, ArmHealth, Window

_MINUTE = timedelta(minutes=1)
_MOST_LATE = 0.05
"""The p95 is over a limit when more calls than these are later than it."""


@dataclass(slots=True)
class Count:
    """Calls of one arm."""

    calls: int = 0
    failures: int = 0
    late: int = 0

    def add(self, call: Call) -> None:
        """Count a call and its repetitions."""
        self.calls += call.times
        self.failures += call.times * call.fails
        self.late += call.times * call.late

    def plus(self, well: int) -> "Count":
        """Return this and so many calls that went well."""
        return Count(self.calls + well, self.failures, self.late)


def total(counts: list[Count]) -> Count:
    """Return the sum of some counts."""
    return Count(
        sum(count.calls for count in counts),
        sum(count.failures for count in counts),
        sum(count.late for count in counts),
    )


def health(counts: list[Count], p95_limit_ms: int) -> ArmHealth:
    """Return what the guard knows of an arm; its p95 is put at half, or at one and a half times the limit."""
    found = total(counts)
    p95_ms = p95_limit_ms * (1.5 if found.late > _MOST_LATE * found.calls else 0.5)
    return ArmHealth(found.calls, found.failures, p95_ms, found.calls)


class Counts:
    """What each minute counted, of v3 and of v4.

    Of the calls that go well a minute's number is drawn when it is asked for, always the same: so it makes no
    difference who looks, and when.
    """

    def __init__(self, seed: str, crowd: Crowd) -> None:
        self._seed, self._crowd = seed, crowd
        self._going_well = [(0.0, 0.0)]  # calls a minute, by phase
        self._phase_of: list[int] = []  # by minute
        self._noted: list[tuple[Count, Count]] = []  # what something happened to, by minute
        self._whole: dict[int, tuple[Count, Count]] = {}
        self._open = (Count(), Count())
        self._summed_at, self._sum = 0, (Count(), Count())

    def begin(self, phase: Phase, on_v4: list[int]) -> None:
        """Let a phase begin in which so many people of each kind are on v4."""
        everybody = zip(self._crowd.sizes, on_v4, self._crowd.kinds, strict=True)
        pairs = [
            ((size - new) * kind.calls_per_hour / 60, new * kind.calls_per_hour / 60) for size, new, kind in everybody
        ]
        v3, v4 = (sum(rates) for rates in zip(*pairs, strict=True))
        self._going_well.append((v3 * going_well(phase.v3), v4 * going_well(phase.v4)))

    def add(self, call: Call) -> None:
        """Count a call that something happened to."""
        self._open[call.arm is Arm.CANDIDATE].add(call)

    def close(self) -> None:
        """Let the minute end."""
        self._noted.append(self._open)
        self._phase_of.append(len(self._going_well) - 1)
        self._open = (Count(), Count())

    def minute(self, number: int) -> tuple[Count, Count]:
        """Return all calls of a minute that is over, from 0."""
        found = self._whole.get(number)
        if found is None:
            found = self._whole[number] = self._drawn(number)
        return found

    def _drawn(self, number: int) -> tuple[Count, Count]:
        random, noted = Random(f"{self._seed} {number}"), self._noted[number]
        v3, v4 = (poisson(random, mean) for mean in self._going_well[self._phase_of[number]])
        return noted[0].plus(v3), noted[1].plus(v4)

    def window(self, phase: Phase, elapsed: float, in_step: timedelta) -> Window:
        """Return what the guard sees when `elapsed` of the minute is over; of that part the mean goes well."""
        limit, before = phase.step.p95_ms, self._last_minutes()
        rest = [noted.plus(round(mean * elapsed)) for noted, mean in zip(self._open, self._going_well[-1], strict=True)]
        v3, v4 = (health([ended, now], limit) for ended, now in zip(before, rest, strict=True))
        return Window(v3, v4, in_step=in_step)

    def _last_minutes(self) -> tuple[Count, Count]:
        """Return the whole minutes of the window, added up once a minute."""
        ended = len(self._noted)
        if self._summed_at != ended:
            minutes = [self.minute(number) for number in range(max(ended - WINDOW // _MINUTE, 0), ended)]
            v3, v4 = (total([minute[arm] for minute in minutes]) for arm in (0, 1))
            self._summed_at, self._sum = ended, (v3, v4)
        return self._sum


def going_well(chances: Chances) -> float:
    """Return the chance of a call that nothing happens to."""
    return 1 - chances.fails - max(chances.slow, chances.late)
