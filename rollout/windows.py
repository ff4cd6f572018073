"""What the counters say: the last five minutes of each arm, the step so far, and how much of it can be evidence."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from rollout.histogram import quantile_ms
from rollout.situation import WINDOW, ArmHealth
from rollout.spans import NEVER, Marks, Span, spans

LAST_HOUR = timedelta(hours=1)

_MARKS = """
SELECT (SELECT max(at) + interval '1 min' FROM rollout_healthsample WHERE resolution_s = 60),
    (SELECT max(at) + interval '1 h' FROM rollout_healthsample WHERE resolution_s = 3600)
"""
_SUMS = """
SELECT arm, sum(calls)::bigint, sum(eligible)::bigint, sum(failures)::bigint, sum(lost)::bigint
FROM rollout_healthsample WHERE feature = ANY(%(features)s) AND arm <> 'contract' AND ({within}) GROUP BY arm
"""
_BARS = """
SELECT arm, bar.bucket, sum(bar.count)::bigint FROM rollout_healthsample, unnest(buckets, counts) AS bar(bucket, count)
WHERE feature = ANY(%(features)s) AND arm <> 'contract' AND ({within}) GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Sums:
    """Calls of one arm in some time."""

    calls: int = 0
    eligible: int = 0
    failures: int = 0
    lost: int = 0


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


def marks() -> Marks:
    """Return up to when there are minutes and hours."""
    with connection.cursor() as cursor:
        cursor.execute(_MARKS)
        minutes, hours = cursor.fetchone() or (None, None)
    return Marks(minutes or NEVER, hours or NEVER)


def health(features: Sequence[str], entered_at: datetime, now: datetime, known: Marks) -> Health:
    """Return the health of some features' operations together, in three queries and one for the histogram."""
    recent = spans(now - WINDOW, now + LAST_HOUR, known)
    window, step = sums(features, recent), sums(features, spans(entered_at, now + LAST_HOUR, known))
    hour = sums(features, spans(now - LAST_HOUR, now + LAST_HOUR, known))
    bars = histograms(features, recent)
    arms = {
        arm: ArmHealth(
            calls=window.get(arm, Sums()).calls,
            failures=window.get(arm, Sums()).failures,
            p95_ms=quantile_ms(bars.get(arm, {}), 0.95),
            calls_in_step=step.get(arm, Sums()).calls,
        )
        for arm in ("control", "candidate")
    }
    return Health(arms, sum(one.lost for one in step.values()), _share(hour.values()))


def sums(features: Sequence[str], within: Sequence[Span]) -> dict[str, Sums]:
    """Return the sums of some features' calls by arm."""
    rows = _asked(_SUMS, features, within)
    return {arm: Sums(*map(int, counts)) for arm, *counts in rows}


def histograms(features: Sequence[str], within: Sequence[Span], operation: str = "%") -> dict[str, dict[int, int]]:
    """Return the histograms of some features' calls by arm; `operation` is one, or a pattern of LIKE."""
    found: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for arm, bucket, count in _asked(_BARS, features, within, operation=operation):
        found[arm][int(bucket)] = int(count)
    return found


def _asked(statement: str, features: Sequence[str], within: Sequence[Span], **more: str) -> list[tuple[Any, ...]]:
    if not within:
        return []
    values: dict[str, Any] = {"features": list(features), **more}
    parts = []
    for number, span in enumerate(within):
        parts.append(f"resolution_s = %(r{number})s AND at >= %(a{number})s AND at < %(b{number})s")
        values |= {f"r{number}": span.resolution_s, f"a{number}": span.since, f"b{number}": span.until}
    with connection.cursor() as cursor:
        cursor.execute(statement.format(within=" OR ".join(f"({part})" for part in parts)), values)
        return list(cursor.fetchall())


def _share(arms: Iterable[Sums]) -> float | None:
    found = list(arms)
    calls = sum(one.calls for one in found)
    return sum(one.eligible for one in found) / calls if calls else None
