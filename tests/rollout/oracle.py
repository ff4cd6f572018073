"""The evidence by its definition alone, in exact fractions: every process walks through all events."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from rollout.eligibility import Arm
from rollout.evidence import FirstFailure, Metric

GRID = [Fraction(5, 4), Fraction(3, 2), *map(Fraction, (2, 3, 5, 10, 20, 50))]


def expected_evidence(
    events: Sequence[FirstFailure],
    operations: Sequence[str],
    started_at: datetime,
    changes: Iterable[datetime],
    now: datetime,
) -> Fraction:
    """Return E of events in order, over all metrics, operations and processes that count anybody."""
    processes = list(begun(started_at, sorted(changes), now))
    values = [Fraction(0)]
    for metric in Metric:
        shares = {None: Fraction(1, 4)} | {name: Fraction(1, 4 * len(operations)) for name in operations}
        for operation, v in shares.items():
            met = [e for e in events if e.metric is metric and operation in (None, e.operation)]
            values += [v * w * mixture(since, r0, met) for since, w, r0 in processes if any(e.at >= since for e in met)]
    return max(values)


def begun(
    started_at: datetime, changes: Sequence[datetime], now: datetime
) -> Iterator[tuple[datetime, Fraction, Fraction]]:
    """Yield when each process begins, its weight and its tolerance; all times are on full minutes."""
    weights = {started_at: Fraction(1, 2)}
    for j, at in enumerate(changes, 1):
        weights[at] = weights.get(at, Fraction(0)) + Fraction(1, 4 * j * (j + 1))
    k = 1
    while (at := started_at + timedelta(hours=k)) <= now:
        weights[at] = weights.get(at, Fraction(0)) + Fraction(168, 4 * (k + 167) * (k + 168))
        k += 1
    for at, weight in weights.items():
        yield at, weight, Fraction(5, 4) if at == started_at else Fraction(3, 2)


def mixture(since: datetime, tolerance: Fraction, events: Iterable[FirstFailure]) -> Fraction:
    """Return M of the first failure of each person since `since`."""
    terms, seen = [Fraction(1)] * len(GRID), set()
    for event in events:
        if event.at < since or event.identity in seen:
            continue
        seen.add(event.identity)
        p = Fraction(str(event.share))
        before = theta(tolerance, p)
        for j, ratio in enumerate(GRID):
            after = theta(tolerance * ratio, p)
            terms[j] *= after / before if event.arm is Arm.CANDIDATE else (1 - after) / (1 - before)
    return sum(terms, Fraction(0)) / len(GRID)


def theta(ratio: Fraction, share: Fraction) -> Fraction:
    return ratio * share / (ratio * share + 1 - share)
