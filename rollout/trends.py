"""How calls went over time: the counters of HealthSample added up by step, arm and operation, no call twice.

Rows cover a second, a minute or an hour. A roll-up copies finished seconds into a minute and finished minutes into an
hour; what is at or after the end of the newest minute is in no minute yet. So the coarsest rows that fit a step are
read, and finer ones only from where the coarser end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from django.db import connection

from rollout.histogram import merged, quantile_ms
from rollout.models import HealthSample

ARMS: tuple[str, ...] = tuple(HealthSample.Arm.values)
"""Control, candidate, and the v4 contract, which has no arms."""


class Step(IntEnum):
    """How long a point is, in seconds. Ten-second points reach back two hours, minutes thirty days."""

    TEN_SECONDS = 10
    MINUTE = 60
    HOUR = 3600
    DAY = 86400


@dataclass(frozen=True, slots=True)
class Calls:
    """What became of some calls of one arm; v3 answered `recovered`, `breaker` and `bulkhead` in place of v4."""

    calls: int = 0
    eligible: int = 0
    client_errors: int = 0
    failures: int = 0
    recovered: int = 0
    breaker: int = 0
    bulkhead: int = 0
    lost: int = 0
    total_ms: float = 0.0
    buckets: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: "Calls") -> "Calls":
        buckets = dict(self.buckets)
        merged(other.buckets.keys(), other.buckets.values(), buckets)
        sums = {name: getattr(self, name) + getattr(other, name) for name in COUNTED}
        return Calls(**sums, buckets=buckets)

    @property
    def error_percent(self) -> float:
        """Failures of the engine that the arm calls first, per hundred calls; 0 where there were none."""
        return self._percent(self.failures)

    @property
    def by_v3_percent(self) -> float:
        """Answered by v3 in place of v4 (fallback, open breaker, full bulkhead), per hundred calls."""
        return self._percent(self.recovered + self.breaker + self.bulkhead)

    def quantile_ms(self, share: float) -> float:
        """Return the duration that `share` (0 to 1) of the calls do not exceed, 19 % too long at most; 0 for none."""
        return quantile_ms(self.buckets, share)

    def _percent(self, count: int) -> float:
        return 100 * count / self.calls if self.calls else 0.0


COUNTED: tuple[str, ...] = tuple(one.name for one in fields(Calls) if one.name != "buckets")
NOTHING = Calls()


@dataclass(frozen=True, slots=True)
class Point:
    """The calls of one step of time, by arm; an arm without a call is missing."""

    at: datetime
    arms: Mapping[str, Calls]


@dataclass(frozen=True, slots=True)
class Operation:
    """The calls of one operation over a whole period, by arm."""

    feature: str
    operation: str
    arms: Mapping[str, Calls]


_SQL = """
WITH part AS (
    SELECT fits.resolution_s, greatest(%(since)s,
        (SELECT max(at) + make_interval(secs => coarser) FROM rollout_healthsample WHERE resolution_s = coarser)
    ) AS begins
    FROM unnest(%(fitting)s::int[], %(coarser)s::int[]) AS fits(resolution_s, coarser)
), sample AS (
    SELECT s.*, date_bin(make_interval(secs => %(step)s), s.at, 'epoch'::timestamptz) AS bin
    FROM part JOIN rollout_healthsample s ON s.resolution_s = part.resolution_s AND s.at >= part.begins
    WHERE s.at < %(until)s AND (s.feature = ANY(%(features)s) OR %(features)s IS NULL)
), spread AS (
    SELECT {key}, arm, b.number, sum(b.calls)::bigint AS calls
    FROM sample, unnest(buckets, counts) AS b(number, calls) GROUP BY {key}, arm, b.number
), histogram AS (
    SELECT {key}, arm, array_agg(number) AS numbers, array_agg(calls) AS counts FROM spread GROUP BY {key}, arm
), summed AS (
    SELECT {key}, arm, {sums} FROM sample GROUP BY {key}, arm
)
SELECT {key}, arm, {counted}, numbers, counts FROM summed LEFT JOIN histogram USING ({key}, arm) ORDER BY {key}, arm
"""

_LAST_CALLS = """
SELECT flag.name, newest.at FROM rollout_flag flag JOIN LATERAL (
    SELECT last.at FROM unnest(ARRAY[1, 60, 3600]) WITH ORDINALITY AS fits(resolution_s, place), LATERAL (
        SELECT s.at FROM rollout_healthsample s
        WHERE s.feature = flag.name AND s.resolution_s = fits.resolution_s AND s.arm <> 'contract'
        ORDER BY s.at DESC LIMIT 1) last
    ORDER BY fits.place LIMIT 1) newest ON true
"""


def trend(features: str | Iterable[str] | None, since: datetime, until: datetime, step: Step) -> list[Point]:
    """Return the calls of these features (None: of all) by step, oldest first; a step without a call is left out.

    Steps are whole, and begin where UTC's do: the first holds `since`, the last the moment before `until`. One query.
    """
    found: dict[datetime, dict[str, Calls]] = {}
    for at, arm, calls in _read("bin", features, _whole(since, until, step), step):
        found.setdefault(at, {})[arm] = calls
    return [Point(at, arms) for at, arms in found.items()]


def operations(features: str | Iterable[str] | None, since: datetime, until: datetime, step: Step) -> list[Operation]:
    """Return the same calls by feature and operation, in the order of their names. One query."""
    found: dict[tuple[str, str], dict[str, Calls]] = {}
    for feature, operation, arm, calls in _read("feature, operation", features, _whole(since, until, step), step):
        found.setdefault((feature, operation), {})[arm] = calls
    return [Operation(feature, operation, arms) for (feature, operation), arms in found.items()]


def total(some: Iterable[Point | Operation]) -> dict[str, Calls]:
    """Return the sum by arm; an arm without a call is missing."""
    sums: dict[str, Calls] = {}
    for one in some:
        for arm, calls in one.arms.items():
            sums[arm] = sums.get(arm, NOTHING) + calls
    return sums


def _whole(since: datetime, until: datetime, step: Step) -> tuple[datetime, datetime]:
    first, last = int(since.timestamp()) // step, -(-until.timestamp() // step)
    return datetime.fromtimestamp(first * step, UTC), datetime.fromtimestamp(last * step, UTC)


def _read(key: str, features: str | Iterable[str] | None, span: tuple[datetime, datetime], step: Step) -> Iterable[Any]:
    """Yield the key's columns, the arm and its calls."""
    sums = ", ".join(f"sum({name})::{'float8' if name == 'total_ms' else 'bigint'} AS {name}" for name in COUNTED)
    query = _SQL.format(key=key, sums=sums, counted=", ".join(COUNTED))
    with connection.cursor() as cursor:
        cursor.execute(query, _asked(features, span, step))
        rows = cursor.fetchall()
    for *place, numbers, counts in rows:
        named, counted = place[: -len(COUNTED)], place[-len(COUNTED) :]
        sums_of = dict(zip(COUNTED, counted, strict=True))
        yield *named, Calls(**sums_of, buckets=dict(zip(numbers or (), counts or (), strict=True)))


def _asked(features: str | Iterable[str] | None, span: tuple[datetime, datetime], step: Step) -> dict[str, Any]:
    fitting = [resolution for resolution in sorted(HealthSample.Resolution.values, reverse=True) if resolution <= step]
    return {
        "features": [features] if isinstance(features, str) else None if features is None else list(features),
        "since": span[0],
        "until": span[1],
        "step": int(step),
        "fitting": fitting,
        "coarser": [None, *fitting[:-1]],
    }


def last_calls() -> dict[str, datetime]:
    """Return when each feature's arms were last called: to the finest span that is still kept. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_CALLS)
        return dict(cursor.fetchall())
