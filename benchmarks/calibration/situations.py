"""What is simulated: the shares, chances and crowds of every situation, by name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp

from benchmarks.calibration.people import ORDINARY, WITH_HEAVY_USERS, Kind
from rollout.stages import DEFAULT_PLAN, PlanStep

HOUR = 60
DAY = 24 * HOUR
TO_1, TO_10, TO_25, TO_50, FULL = DEFAULT_PLAN


@dataclass(frozen=True, slots=True)
class Chances:
    """What may happen to a call on one engine: that it fails, is slower than v3's p99, is later than the step's p95."""

    fails: float = 0.002
    slow: float = 0.01
    late: float = 0.001


@dataclass(frozen=True, slots=True)
class Phase:
    """Minutes in which nothing changes, from `start` to the next phase; `released` starts a process of its own."""

    start: int
    share: float
    v3: Chances = Chances()
    v4: Chances = Chances()
    step: PlanStep = TO_10
    released: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """One kind of rollout; `minutes` is how long it is watched, `fault_at` when v4 breaks, if it does."""

    name: str
    title: str
    phases: tuple[Phase, ...]
    requests_per_minute: float = 300
    kinds: Sequence[Kind] = ORDINARY
    minutes: int = DAY
    retries: float = 0.0
    """How many further calls a failing one causes on average, which fail too."""
    stuck: int = 0
    """Clients that fail 20 times a minute from some moment on, whichever engine answers."""
    fault_at: int | None = None

    @property
    def changes(self) -> list[int]:
        """The minutes at which a share or a release changed."""
        return [new.start for old, new in pairwise(self.phases) if old.share != new.share or new.released]


def both(start: int, share: float, chances: Chances, step: PlanStep = TO_10) -> Phase:
    """Return a phase in which v4 is exactly as v3."""
    return Phase(start, share, chances, chances, step)


def steady(name: str, title: str, requests_per_minute: float) -> Situation:
    """Return a day at 10 % in which nothing happens."""
    return Situation(name, title, (both(0, 0.1, Chances()),), requests_per_minute)


def near_limit(of_people: float, kinds: Sequence[Kind] = ORDINARY) -> float:
    """Return the chance of a call to fail at which `of_people` (0 to 1) of those seen in an hour meet it."""
    least, most = 0.0, 1.0
    while most - least > 1e-9:
        middle = (least + most) / 2
        least, most = (middle, most) if _share_hit(middle, kinds) < of_people else (least, middle)
    return least


def _share_hit(chance: float, kinds: Sequence[Kind]) -> float:
    hit = sum(kind.fraction * (1 - exp(-kind.calls_per_hour * chance)) for kind in kinds)
    seen = sum(kind.fraction * (1 - exp(-kind.calls_per_hour)) for kind in kinds)
    return hit / seen


def ramp() -> tuple[Phase, ...]:
    """Return 1 % to 50 % in ten steps while the base rate drifts from 0.2 % to 3 %, in stretches of 12 minutes."""
    shares = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5]
    phases = []
    for start in range(0, DAY, 12):
        share = shares[start * len(shares) // DAY]
        step = next(step for step in DEFAULT_PLAN if float(step.percentage) >= 100 * share)
        phases.append(both(start, share, Chances(fails=0.002 + 0.028 * start / DAY), step))
    return tuple(phases)


def slo(share: float, step: PlanStep) -> tuple[Phase, ...]:
    """Return a day in which 95 % of what the step allows fail, and are late, on both engines."""
    fails = near_limit(0.95 * float(step.max_error_percent) / 100)
    return (both(0, share, Chances(fails=fails, slow=0.01, late=near_limit(0.95 * 0.05)), step),)


_OUTAGE = Chances(fails=0.5, slow=0.2, late=0.02)
_V3_DOWN = Chances(fails=0.3, slow=0.1, late=0.01)
_WORSE, _BETTER = Chances(fails=0.01), Chances(fails=0.001, slow=0.002)


def outage(name: str, share: float, step: PlanStep) -> Situation:
    """Return a day in which for an hour half of all calls fail on both engines, and nothing but the calls tells."""
    title = f"common outage at {100 * share:g} %: for an hour half of all calls fail on both; 100 requests/min"
    calm = both(0, share, Chances(), step)
    phases = (calm, both(6 * HOUR, share, _OUTAGE, step), replace(calm, start=7 * HOUR))
    return Situation(name, title, phases, 100)


HEALTHY: tuple[Situation, ...] = (
    steady("20", "20 requests/min", 20),
    steady("300", "300 requests/min", 300),
    steady("3000", "3000 requests/min", 3000),
    outage("outage", 0.1, TO_10),
    Situation(
        "v3_only",
        "incident of v3 only: 30 % for 2 h; then a release, then 25 %, then 50 %; 100 requests/min",
        (
            both(0, 0.1, Chances()),
            Phase(6 * HOUR, 0.1, v3=_V3_DOWN),
            both(8 * HOUR, 0.1, Chances()),
            replace(both(8 * HOUR + 30, 0.1, Chances()), released=True),
            both(12 * HOUR, 0.25, Chances(), TO_25),
            both(18 * HOUR, 0.5, Chances(), TO_50),
        ),
        requests_per_minute=100,
    ),
    Situation("v4_better", "v4 better than v3: 0.1 % against 1 %", (Phase(0, 0.1, v3=_WORSE, v4=_BETTER),)),
    Situation(
        "v4_was_better",
        "v4 better for two days (0.1 % against 1 %), then equal for one; 50 requests/min",
        (Phase(0, 0.1, v3=_WORSE, v4=_BETTER), both(2 * DAY, 0.1, _WORSE)),
        requests_per_minute=50,
        minutes=3 * DAY,
    ),
    Situation(
        "ramp",
        "ramp 1 → 50 %, base drift 0.2 → 3 %, limits of the default plan (5 to 2 %); 100 requests/min",
        ramp(),
        100,
    ),
    Situation(
        "heavy", "heavy users: 1 % of people make 45 % of calls", (both(0, 0.1, Chances()),), kinds=WITH_HEAVY_USERS
    ),
    Situation(
        "retries",
        "retry storms: 20 retries of each failing call, 5 clients stuck in a loop",
        (both(0, 0.1, Chances()),),
        retries=20,
        stuck=5,
    ),
    Situation(
        "slo_10",
        "`slo` at 0.95 of the limit: 4.75 % of people an hour, at 10 %; 100 requests/min",
        slo(0.1, TO_10),
        100,
    ),
    Situation(
        "slo_full",
        "`slo` at 0.95 of the limit: 0.95 % of people an hour, at FULL, holdout 10 %; 100 requests/min",
        slo(0.9, FULL),
        100,
    ),
)
"""v4 is no worse than v3 in all of them."""

HARD: tuple[Situation, ...] = (
    outage("outage_50", 0.5, TO_50),
    outage("outage_90", 0.9, FULL),
    outage("outage_99", 0.99, FULL),
)
"""v4 is no worse than v3 here either, but v3 has as few people as v4, or fewer."""


def faulty(name: str, title: str, fails: float, phases: tuple[Phase, ...], fault_at: int = 0) -> Situation:
    """Return a rollout in which v4 fails so many of its calls from `fault_at` on, in a new release unless at once."""
    last = [phase for phase in phases if phase.start <= fault_at][-1]
    broken = replace(last, start=fault_at, v4=replace(last.v4, fails=fails), released=fault_at > last.start)
    before = tuple(phase for phase in phases if phase.start < fault_at)
    return Situation(name, title, (*before, broken), minutes=fault_at + DAY, fault_at=fault_at)


_AT_10 = (both(0, 0.1, Chances()),)
_STEPPED = (both(0, 0.01, Chances(), TO_1), both(6 * HOUR, 0.1, Chances()))
_AT_FULL = (both(0, 0.99, Chances(), FULL),)

FAULTY: tuple[Situation, ...] = (
    *(faulty(f"fresh_{p:g}", f"{p:g} %, fresh", p / 100, _AT_10) for p in (1, 2, 5, 20, 100)),
    *(
        faulty(f"step_{p:g}", f"{p:g} %, at a step 1 → 10 % after 6 h", p / 100, _STEPPED, 6 * HOUR)
        for p in (1, 2, 5, 20, 100)
    ),
    *(
        faulty(f"late_{p:g}", f"{p:g} %, in a release after 12 h at 10 %", p / 100, _AT_10, 12 * HOUR)
        for p in (20, 100)
    ),
    faulty("full_20", "20 %, at FULL with a holdout of 1 %", 0.2, _AT_FULL),
)
"""v4 breaks in all of them."""

SITUATIONS = {situation.name: situation for situation in (*HEALTHY, *HARD, *FAULTY)}
