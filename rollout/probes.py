"""What the guard measures itself, every few seconds: its machine, the servers behind everything, and all requests."""

import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psutil
from django.conf import settings
from django.db import Error

from jewgo.core.reach import cache_ms, database_ms
from jewgo.core.resilient import Lookups, redis_lookups
from rollout.alert_kinds import Kind
from rollout.requests import traffic
from rollout.thresholds import FEWEST, Outage, Probed, Thresholds, Traffic, over

LOOKUPS_OVER = timedelta(minutes=1)
"""A quiet service has too few look-ups between two probes to say a rate."""
REMEMBERED = timedelta(seconds=30)
"""An outage of the database is told for so long after it: nobody could store it before."""


class Machine:
    """The processors and the memory of this machine, whatever container the process is in."""

    def __init__(self) -> None:
        self.host = socket.gethostname()
        self._last: Any = None

    def cpu_percent(self) -> float | None:
        """Return how busy the processors were since the last call; None at the first."""
        last, self._last = self._last, psutil.cpu_times()
        return None if last is None else busy_percent(last, self._last)

    def memory_percent(self) -> float:
        """Return the share of memory that no program could get without swapping."""
        return float(psutil.virtual_memory().percent)


@dataclass(frozen=True, slots=True)
class Services:
    """How to ask the servers: each call may take a moment, and none raises."""

    database_ms: Callable[[], float | None] = database_ms
    cache_ms: Callable[[], float | None] = cache_ms
    lookups: Callable[[], Lookups | None] = redis_lookups
    traffic: Callable[[datetime], Traffic] = traffic


class Prober:
    """Probes, and remembers what a single look cannot tell: what was before. Used by one thread."""

    def __init__(
        self,
        thresholds: Thresholds | None = None,
        machine: Machine | None = None,
        services: Services | None = None,
    ) -> None:
        self.thresholds = thresholds or Thresholds(**settings.ROLLOUT["ALERTS"])
        self._machine = machine or Machine()
        self._services = services or Services()
        self._hit_rate = HitRate()
        self._outage: Outage | None = None
        self._in_a_row: Mapping[Kind, int] = {}

    def probe(self, now: datetime) -> Probed:
        """Measure everything once; call it outside of a transaction. `findings` of the answer says what to tell."""
        ask = self._services
        database, cache = ask.database_ms(), ask.cache_ms()
        lookups = None if cache is None else ask.lookups()
        probed = Probed(
            at=now,
            host=self._machine.host,
            cpu_percent=self._machine.cpu_percent(),
            memory_percent=self._machine.memory_percent(),
            database_ms=database,
            cache_ms=cache,
            cache_hit_percent=self._hit_rate.after(lookups, now),
            traffic=Traffic() if database is None else self._traffic(now),
        )
        return self._remembered(probed)

    def _traffic(self, now: datetime) -> Traffic:
        try:
            return self._services.traffic(now)
        except Error:  # it went away since it was asked; the next probe will say so
            return Traffic()

    def _remembered(self, probed: Probed) -> Probed:
        self._in_a_row = {kind: self._in_a_row.get(kind, 0) + 1 for kind in over(probed, self.thresholds)}
        self._outage = self._outage_after(probed)
        return replace(probed, in_a_row=self._in_a_row, outage=self._outage)

    def _outage_after(self, probed: Probed) -> Outage | None:
        last, probes = self._outage, self._in_a_row.get(Kind.DATABASE, 0)
        if probes:
            return Outage(last.since if last and probes > 1 else probed.at, probes)
        if last is None or (last.until and probed.at - last.until >= REMEMBERED):
            return None
        return last if last.until else replace(last, until=probed.at)


class HitRate:
    """The cache's hit rate over the last minute, from counters that only grow while the server lives."""

    def __init__(self) -> None:
        self._seen: deque[tuple[datetime, Lookups]] = deque()

    def after(self, lookups: Lookups | None, now: datetime) -> float | None:
        """Take the counters in and return the rate in per cent; None for fewer than 100 look-ups, or no answer."""
        if lookups is None or self._has_restarted(lookups):
            self._seen.clear()
        if lookups is None:
            return None
        self._seen.append((now, lookups))
        while self._seen[0][0] < now - LOOKUPS_OVER:
            self._seen.popleft()
        first = self._seen[0][1]
        hits, misses = lookups.hits - first.hits, lookups.misses - first.misses
        return 100 * hits / (hits + misses) if hits + misses >= FEWEST else None

    def _has_restarted(self, lookups: Lookups) -> bool:
        return bool(self._seen) and any(new < old for new, old in zip(lookups, self._seen[-1][1], strict=True))


def busy_percent(before: Any, after: Any) -> float | None:
    """Return how busy processors were between two `psutil.cpu_times()`; None where no time went by.

    Waiting for a disk is idleness, as psutil has it; guests' time is in that of their host already.
    """
    spent = {name: getattr(after, name) - getattr(before, name) for name in after._fields}
    whole = sum(seconds for name, seconds in spent.items() if name not in {"guest", "guest_nice"})
    idle = spent["idle"] + spent.get("iowait", 0.0)
    return max(0.0, min(100.0, 100 * (whole - idle) / whole)) if whole > 0 else None
