"""Runs made into figures, and the figures held against what the rollout is to reach."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf
from statistics import median

from benchmarks.drilling.runs import Run
from benchmarks.tables import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that is to be reached; `value` must not be above `most`, nor where it is given below `least`."""

    told: str
    target: str
    shown: str
    value: float
    most: float

    @property
    def is_met(self) -> bool:
        """Whether it was reached; what was never measured was not."""
        return self.value <= self.most


def p95(values: Iterable[float]) -> float:
    """Return what 19 of 20 do not exceed (nearest rank); of ten runs that is the slowest. NaN-free; inf for none."""
    ordered = sorted(values)
    return ordered[ceil(0.95 * len(ordered)) - 1] if ordered else inf


def took(runs: Sequence[Run]) -> list[float]:
    """Return from the first spoilt answer to the last candidate's, infinite where v4 was never rolled back."""
    return [inf if run.took_s is None else run.took_s for run in runs]


def from_fault(runs: Sequence[Run]) -> list[float]:
    """Return from the fault to the rollback, infinite where there was none."""
    return [inf if run.ledger_s is None else run.ledger_s for run in runs]


def reached(runs: Sequence[Run]) -> list[float]:
    """Return how long each rollback took to reach every worker; infinite where one did not follow."""
    return [inf if run.reached_s is None else run.reached_s for run in runs if run.reason != "none"]


def harm_of(runs: Sequence[Run]) -> dict[str, int]:
    """Return what people must never get, summed over runs."""
    return {
        name: sum(getattr(run, name) for run in runs)
        for name in ("answers", "errors", "wrong", "lost", "doubled", "uncounted")
    }


def times_table(told: Sequence[tuple[str, Sequence[Run]]]) -> Table:
    """Return how fast v4 was rolled back, by kind of run."""
    head = ["v4", "runs", "v4 calls/s", "fault → rollback, median", "first bad → last candidate answer, median", "p95"]
    head += ["reached every worker, p95", "people who met it, median", "most", "why"]
    return [head, *(_times(name, runs) for name, runs in told if runs)]


def _times(name: str, runs: Sequence[Run]) -> list[str]:
    people = [run.people for run in runs]
    reasons = Counter(run.reason for run in runs)
    return [
        name,
        str(len(runs)),
        f"{median(run.candidates_per_s for run in runs):.1f}",
        f"{median(from_fault(runs)):.1f} s",
        f"{median(took(runs)):.1f} s",
        f"{p95(took(runs)):.1f} s",
        f"{p95(reached(runs)) * 1000:.0f} ms",
        f"{median(people):g}",
        str(max(people)),
        ", ".join(f"`{reason}` {count}" for reason, count in reasons.most_common()),
    ]


def harm_table(told: Sequence[tuple[str, Sequence[Run]]]) -> Table:
    """Return what people got, by kind of run; all but the number of answers must be 0 or nothing."""
    head = ["v4", "answers", "≥ 500 or cut off", "wrong", "writes lost", "writes doubled", "calls not counted"]
    return [[*head, "rolled back besides"], *(_harm(name, runs) for name, runs in told if runs)]


def _harm(name: str, runs: Sequence[Run]) -> list[str]:
    besides = sorted({feature for run in runs for feature in run.besides})
    return [name, *(f"{number:,}" for number in harm_of(runs).values()), ", ".join(besides) or "nothing"]


def figures_table(figures: Sequence[Figure]) -> Table:
    """Return figures beside their targets."""
    rows = [[figure.told, figure.target, figure.shown, "yes" if figure.is_met else "**no**"] for figure in figures]
    return [["figure", "target", "measured", "met"], *rows]


def of_faults(runs: Sequence[Run]) -> list[Figure]:
    """Return the figures of all runs together, and of v4 failing always."""
    always = [run for run in runs if run.fault == "always"]
    found = []
    if always:
        rate, slowest = min(run.candidates_per_s for run in always), p95(took(always))
        told = "automatic rollback, v4 failing always, at 20 v4 requests/s or more"
        found.append(Figure(told, "p95 ≤ 5 s", f"{slowest:.1f} s at {rate:.0f}/s or more", slowest, 5.0))
    slowest, early = p95(reached(runs)), sum(run.is_early for run in runs)
    harm = harm_of(runs)
    lost = harm.pop("uncounted")
    bad = sum(harm.values()) - harm["answers"]
    return [
        *found,
        Figure("rolled back before it failed", "0", str(early), early, 0),
        Figure("a rollback reaches every worker", "p95 ≤ 300 ms", f"{slowest * 1000:.0f} ms", slowest, 0.3),
        Figure("answers ≥ 500, wrong answers, writes lost or doubled", "0", str(bad), bad, 0),
        Figure("calls that the arms' sums miss, of the clients' own count", "0", str(lost), lost, 0),
    ]


def of_a_quiet_day(fresh: Sequence[Run], stepped: Sequence[Run]) -> list[Figure]:
    """Return the figures at 300 requests a minute and a tenth of the people, v4 failing a fifth of its calls."""
    found = []
    if fresh:
        seconds, people = median(from_fault(fresh)), median(run.people for run in fresh)
        told = "v4 failing 20 % at 300 requests/min, 10 % share, fresh"
        found += [
            Figure(told + ": fault to rollback", "median ≤ 55 s", f"{seconds:.0f} s", seconds, 55),
            Figure(told + ": people who met it", "median ≤ 5", f"{people:g}", people, 5),
        ]
    if stepped:
        seconds = median(from_fault(stepped))
        told = "the same after a step from 1 %: fault to rollback"
        found.append(Figure(told, "median ≤ 90 s", f"{seconds:.0f} s", seconds, 90))
    return found
