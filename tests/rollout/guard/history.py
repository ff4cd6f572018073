"""A health history in plain Python, to compare what the tables say with; and rows that are put into the tables."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rollout.histogram import bucket
from rollout.models import HealthSample


@dataclass(frozen=True, slots=True)
class Second:
    """The calls of one operation and arm that arrived in one second; all of them took equally long."""

    at: datetime
    feature: str
    operation: str
    arm: str
    calls: int
    failures: int = 0
    eligible: int = 0
    lost: int = 0
    duration_ms: float = 5.0

    @property
    def row(self) -> HealthSample:
        """The row that a worker's delivery makes of it."""
        return HealthSample(
            resolution_s=1,
            at=self.at,
            feature=self.feature,
            operation=self.operation,
            arm=self.arm,
            calls=self.calls,
            eligible=self.eligible,
            client_errors=0,
            failures=self.failures,
            recovered=0,
            breaker=0,
            bulkhead=0,
            lost=self.lost,
            total_ms=self.calls * self.duration_ms,
            buckets=[bucket(self.duration_ms)],
            counts=[self.calls],
        )


def store(seconds: Iterable[Second]) -> None:
    """Put them into the tables."""
    HealthSample.objects.bulk_create([one.row for one in seconds])


def added(seconds: Iterable[Second], name: str) -> dict[tuple[str, str], int]:
    """Return the sum of a count by feature and arm."""
    found: Counter[tuple[str, str]] = Counter()
    for one in seconds:
        found[one.feature, one.arm] += getattr(one, name)
    return dict(found)


def bars(seconds: Iterable[Second]) -> dict[tuple[str, str], dict[int, int]]:
    """Return the histograms by feature and arm."""
    found: dict[tuple[str, str], dict[int, int]] = {}
    for one in seconds:
        each = found.setdefault((one.feature, one.arm), {})
        each[bucket(one.duration_ms)] = each.get(bucket(one.duration_ms), 0) + one.calls
    return found
