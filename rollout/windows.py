"""What the counters say: the last five minutes of each arm, the step so far, and how much of it can be evidence."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from rollout.histogram import merged, quantile_ms
from rollout.situation import WINDOW, ArmHealth
from rollout.spans import Marks, Span, spans

LAST_HOUR = timedelta(hours=1)

_SUMS = """
SELECT feature, arm, sum(calls)::bigint, sum(eligible)::bigint, sum(failures)::bigint, sum(lost)::bigint
FROM rollout_healthsample WHERE feature = ANY(%(features)s) AND arm <> 'contract' AND ({within}) GROUP BY 1, 2
"""
_BARS = """
SELECT feature, arm, bar.bucket, sum(bar.count)::bigint
FROM rollout_healthsample, unnest(buckets, counts) AS bar(bucket, count)
WHERE feature = ANY(%(features)s) AND arm <> 'contract' AND ({within}) GROUP BY 1, 2, 3
"""
_HABITS = """
SELECT operation, bar.bucket, sum(bar.count)::bigint
FROM rollout_healthsample, unnest(buckets, counts) AS bar(bucket, count)
WHERE feature = ANY(%(features)s) AND arm = 'control' AND ({within}) GROUP BY 1, 2
"""

Bars = dict[int, int]
"""Calls by bucket of `rollout.histogram`."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Calls of one arm in some time."""

    calls: int = 0
    eligible: int = 0
    failures: int = 0
    lost: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.calls + other.calls,
            self.eligible + other.eligible,
            self.failures + other.failures,
            self.lost + other.lost,
        )


@dataclass(frozen=True, slots=True)
class Recent:
    """What some features' calls came to of late, each sum by feature and arm."""

    now: datetime
    known: Marks
    window: Mapping[tuple[str, str], Sums]
    bars: Mapping[tuple[str, str], Bars]
    hour: Mapping[tuple[str, str], Sums]


@dataclass(frozen=True, slots=True)
class Health:
    """Both arms of a feature's operations, as the counters have them."""

    arms: Mapping[str, ArmHealth] = field(default_factory=dict)
    lost_in_step: int = 0
    evidence_share: float | None = None
    """The share of the last hour's calls that may be evidence; None without calls."""

    def arm(self, name: str) -> ArmHealth:
        """Return one arm; one without calls is there too."""
        return self.arms.get(name, ArmHealth())


def recent(features: Sequence[str], now: datetime, known: Marks) -> Recent:
    """Add up the last five minutes and the last hour of all these features, in three queries."""
    within = spans(now - WINDOW, now + LAST_HOUR, known)
    hour = spans(now - LAST_HOUR, now + LAST_HOUR, known)
    return Recent(now, known, sums(features, within), histograms(features, within), sums(features, hour))


def health(features: Sequence[str], entered_at: datetime, seen: Recent) -> Health:
    """Return the health of some features' operations together; one query, for the time since their step began."""
    step = sums(features, spans(entered_at, seen.now + LAST_HOUR, seen.known))
    arms = {arm: _arm(features, arm, seen, step) for arm in ("control", "candidate")}
    return Health(arms, sum(one.lost for one in step.values()), _share(features, seen.hour))


def sums(features: Sequence[str], within: Sequence[Span]) -> dict[tuple[str, str], Sums]:
    """Return the sums of the calls by feature and arm."""
    rows = _asked(_SUMS, features, within)
    return {(feature, arm): Sums(*map(int, counts)) for feature, arm, *counts in rows}


def histograms(features: Sequence[str], within: Sequence[Span]) -> dict[tuple[str, str], Bars]:
    """Return the histograms of the calls by feature and arm."""
    found: defaultdict[tuple[str, str], Bars] = defaultdict(dict)
    for feature, arm, bucket, count in _asked(_BARS, features, within):
        found[feature, arm][int(bucket)] = int(count)
    return found


def habits(features: Sequence[str], within: Sequence[Span]) -> dict[str, Bars]:
    """Return the histograms of v3's calls by operation."""
    found: defaultdict[str, Bars] = defaultdict(dict)
    for operation, bucket, count in _asked(_HABITS, features, within):
        found[operation][int(bucket)] = int(count)
    return found


def _asked(statement: str, features: Sequence[str], within: Sequence[Span]) -> list[tuple[Any, ...]]:
    if not within or not features:
        return []
    values: dict[str, Any] = {"features": list(features)}
    parts = []
    for number, span in enumerate(within):
        parts.append(f"resolution_s = %(r{number})s AND at >= %(a{number})s AND at < %(b{number})s")
        values |= {f"r{number}": span.resolution_s, f"a{number}": span.since, f"b{number}": span.until}
    with connection.cursor() as cursor:
        cursor.execute(statement.format(within=" OR ".join(f"({part})" for part in parts)), values)
        return list(cursor.fetchall())


def _arm(features: Sequence[str], arm: str, seen: Recent, step: Mapping[tuple[str, str], Sums]) -> ArmHealth:
    window = _together(features, arm, seen.window)
    bars: Bars = {}
    for feature in features:
        each = seen.bars.get((feature, arm), {})
        merged(each.keys(), each.values(), bars)
    return ArmHealth(
        calls=window.calls,
        failures=window.failures,
        p95_ms=quantile_ms(bars, 0.95),
        calls_in_step=_together(features, arm, step).calls,
    )


def _together(features: Sequence[str], arm: str, found: Mapping[tuple[str, str], Sums]) -> Sums:
    return sum((found.get((feature, arm), Sums()) for feature in features), Sums())


def _share(features: Sequence[str], hour: Mapping[tuple[str, str], Sums]) -> float | None:
    both = _together(features, "control", hour) + _together(features, "candidate", hour)
    return both.eligible / both.calls if both.calls else None
