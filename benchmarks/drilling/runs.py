"""One drill: v4 fails under load, the guard rolls it back, and everything that people got meanwhile is counted."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.drilling.asking import RESTAURANTS, Ask
from benchmarks.drilling.crowd import Heard, Pace
from benchmarks.drilling.faults import Fault
from benchmarks.drilling.observed import Line
from benchmarks.drilling.scene import ENGINES, Scene

QUIET_S = 4.0
"""Of healthy v4 before the fault: the guard has frozen its limits by then."""
AFTERWARDS_S = 2.5
"""Of load after the rollback, in which nobody may be on v4 any more."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a drill happens: at which share, after which other share for how long, and how many people come."""

    percentage: str
    pace: Pace
    asks: Sequence[Ask]
    quiet_s: float = QUIET_S
    from_percentage: str | None = None
    from_s: float = 0.0
    within_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one drill showed. Times are seconds, None where the guard did not roll back in time."""

    fault: str
    reason: str
    sentence: str
    is_early: bool
    """Whether v4 was rolled back before it failed."""
    took_s: float | None
    """From the first spoilt answer to the last answer of v4, or in v4's place, anywhere."""
    ledger_s: float | None
    """From the fault on until the rollback was committed."""
    reached_s: float | None
    people: int
    """Who met a failing v4."""
    answers: int
    candidates_per_s: float
    """Calls of the drilled feature that were assigned to v4, before the rollback."""
    errors: int
    """Answers of 500 and more, and connections that failed."""
    wrong: int
    """Reads whose answer was not v3's."""
    lost: int
    doubled: int
    uncounted: int
    """By how many calls the workers' counters and the client's differ."""
    besides: tuple[str, ...]
    """What else the guard rolled back."""


def run(scene: Scene, fault: Fault, setting: Setting, name: str) -> Run:
    """Let v4 fail once, and return what that was like."""
    _take_place(scene, setting)
    since = scene.observer.last_line()
    with scene.crowd(setting.pace, setting.asks, name) as people:
        time.sleep(setting.quiet_s)
        scene.service.move("drill", **fault.body)
        began_at = time.time()
        line = scene.observer.rolled_back(RESTAURANTS, since, setting.within_s)
        reached_at = scene.observer.reached_all_at() if line else None
        time.sleep(AFTERWARDS_S)
    uncounted = scene.uncounted()
    besides = tuple(one.feature for one in scene.observer.rollbacks(since) if one.feature != RESTAURANTS)
    is_early = line is not None and line.at < began_at
    return Run(
        fault=fault.name,
        reason=line.reason if line else "none",
        sentence=line.sentence if line else "",
        is_early=is_early,
        took_s=_took_s(people.heard, fault, began_at) if line and not is_early else None,
        ledger_s=line.unseen_at - began_at if line and not is_early else None,
        reached_s=reached_at - line.unseen_at if line and reached_at else None,
        people=len({one.person for one in people.heard if fault.is_met(one) and one.ended_at >= began_at}),
        answers=len(people.heard),
        candidates_per_s=_candidates_per_s(people.heard, began_at, line),
        uncounted=uncounted,
        besides=besides,
        **harm(scene, people.heard, name),
    )


def harm(scene: Scene, heard: Sequence[Heard], name: str) -> dict[str, int]:
    """Count what people must never get; `name` begins the names of what they wrote."""
    rows = scene.observer.rows_named(f"{name} ")
    written = {f"{name} {one.turn}" for one in heard if one.ask.writes and 200 <= one.status < 300}
    reads = [one for one in heard if not one.ask.writes]
    return {
        "errors": sum(one.status == 0 or one.status >= 500 for one in heard),
        "wrong": sum(one.status == 200 and one.digest != scene.right[one.ask.path] for one in reads)
        + sum(200 < one.status < 500 for one in reads),
        "lost": sum(not rows[one] for one in written),
        "doubled": sum(count > 1 for count in rows.values()),
    }


def _take_place(scene: Scene, setting: Setting) -> None:
    scene.put_at(setting.from_percentage or setting.percentage)
    if setting.from_percentage:
        with scene.crowd(setting.pace, setting.asks, "Before"):
            time.sleep(setting.from_s)
        scene.service.move("percentage", features=list(ENGINES), percentage=setting.percentage, force=True)


def _took_s(heard: Sequence[Heard], fault: Fault, began_at: float) -> float | None:
    bad = [one.ended_at for one in heard if fault.is_met(one) and one.ended_at >= began_at - 1]
    last = max((one.ended_at for one in heard if _is_drilled(one) and one.is_candidate), default=None)
    return last - min(bad) if bad and last else None


def _candidates_per_s(heard: Sequence[Heard], began_at: float, line: Line | None) -> float:
    """Return how many calls a second v4 was assigned, from the first request to the rollback or the fault."""
    first, last = heard[0].at, line.at if line else began_at
    return sum(_is_drilled(one) and one.is_candidate and one.at < last for one in heard) / (last - first)


def _is_drilled(one: Heard) -> bool:
    return f"={RESTAURANTS};" in one.served
