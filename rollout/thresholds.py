"""What was probed, and which of it is over its threshold: the rules of the alerts on machine and services. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rollout.alert_kinds import Kind, Raised

IN_A_ROW = 3
"""A machine may be busy for a moment: what lasts for so many probes is worth telling."""
FEWEST = 100
"""Of fewer calls or look-ups nobody can say a rate."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something is worth telling; the defaults are those of the service that this one replaces."""

    response_ms: float = 1000
    """Of the p95 of all requests in 5 minutes."""
    error_percent: float = 5
    """Of all requests in 5 minutes: those that ended in a failure for the caller."""
    memory_percent: float = 80
    cpu_percent: float = 80
    cache_hit_percent: float = 70
    database_failures: int = 3
    """In a row."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """All requests of the last 5 minutes, both contracts and both arms; a failure that v3 made good is none."""

    calls: int = 0
    failures: int = 0
    p95_ms: float = 0.0

    @property
    def error_percent(self) -> float:
        """Failures per hundred calls; 0 where there were no calls."""
        return 100 * self.failures / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Outage:
    """When the database did not answer, and for how many probes in a row. `until` is None while it lasts."""

    since: datetime
    probes: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """What the machine of the guard and the services were doing at one moment. None: not known, or no answer."""

    at: datetime
    host: str
    cpu_percent: float | None = None
    """Busy since the last probe; not known at the first."""
    memory_percent: float | None = None
    database_ms: float | None = None
    cache_ms: float | None = None
    cache_hit_percent: float | None = None
    """Of the last minute's look-ups; None when there were fewer than 100."""
    traffic: Traffic = field(default_factory=Traffic)
    outage: Outage | None = None
    """Of the database: the present one, or one that ended less than half a minute ago."""
    in_a_row: Mapping[Kind, int] = field(default_factory=dict)
    """For how many probes, up to this one, each thing has been over its threshold."""

    @property
    def down(self) -> tuple[str, ...]:
        """What does not answer now: database, cache."""
        answers = {Kind.DATABASE: self.database_ms, Kind.CACHE: self.cache_ms}
        return tuple(kind.value for kind, answer in answers.items() if answer is None)


def over(probed: Probed, limits: Thresholds) -> frozenset[Kind]:
    """Return what is over its threshold in this one probe; nothing that is not known is."""
    enough, traffic = probed.traffic.calls >= FEWEST, probed.traffic
    rules = {
        Kind.HIGH_CPU: _exceeds(probed.cpu_percent, limits.cpu_percent),
        Kind.HIGH_MEMORY: _exceeds(probed.memory_percent, limits.memory_percent),
        Kind.DATABASE: probed.database_ms is None,
        Kind.CACHE: probed.cache_ms is None,
        Kind.CACHE_HIT_RATE: _exceeds(limits.cache_hit_percent, probed.cache_hit_percent),
        Kind.HIGH_ERROR_RATE: enough and traffic.error_percent > limits.error_percent,
        Kind.SLOW_REQUEST: enough and traffic.p95_ms > limits.response_ms,
    }
    return frozenset(kind for kind, is_over in rules.items() if is_over)


def findings(probed: Probed, limits: Thresholds) -> tuple[Raised, ...]:
    """Return what has been over its threshold for long enough to be told."""
    found = [kind for kind, probes in probed.in_a_row.items() if kind in _SAID and _has_lasted(kind, probes)]
    raised = [Raised(kind, _SAID[kind](probed, limits), details=_details(probed)) for kind in sorted(found)]
    return (*raised, *_of_the_database(probed, limits))


def unstorable(probed: Probed, limits: Thresholds) -> Raised | None:
    """Return the outage of the database at the one probe that makes it worth telling: no outbox can hold it now."""
    outage = probed.outage
    is_just_one = outage is not None and outage.until is None and outage.probes == limits.database_failures
    return next(_of_the_database(probed, limits), None) if is_just_one else None


def _has_lasted(kind: Kind, probes: int) -> bool:
    return probes >= IN_A_ROW or kind in {Kind.HIGH_ERROR_RATE, Kind.SLOW_REQUEST}  # these are of 5 minutes


def _of_the_database(probed: Probed, limits: Thresholds) -> Iterator[Raised]:
    """Tell of an outage also after it: while it lasted, no alert could be stored."""
    outage = probed.outage
    if outage is None or outage.probes < limits.database_failures:
        return
    ended = f"; it answers again since {outage.until:%H:%M:%S}" if outage.until else ""
    said = f"PostgreSQL did not answer {outage.probes} probes in a row from {outage.since:%H:%M:%S} UTC on{ended}."
    yield Raised(Kind.DATABASE, said, details={**_details(probed), "since": outage.since, "until": outage.until})


def _details(probed: Probed) -> dict[str, object]:
    return {
        "host": probed.host,
        "cpu_percent": probed.cpu_percent,
        "memory_percent": probed.memory_percent,
        "database_ms": probed.database_ms,
        "cache_ms": probed.cache_ms,
        "cache_hit_percent": probed.cache_hit_percent,
    }


def _exceeds(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit


_SAID: Mapping[Kind, Callable[[Probed, Thresholds], str]] = {
    Kind.HIGH_CPU: lambda seen, limits: (
        f"The processors of {seen.host} are {seen.cpu_percent:.0f} % busy, over {limits.cpu_percent:g} %"
        f" for {seen.in_a_row[Kind.HIGH_CPU]} probes in a row."
    ),
    Kind.HIGH_MEMORY: lambda seen, limits: (
        f"The memory of {seen.host} is {seen.memory_percent:.0f} % full, over {limits.memory_percent:g} %"
        f" for {seen.in_a_row[Kind.HIGH_MEMORY]} probes in a row."
    ),
    Kind.CACHE: lambda seen, _: f"Redis has not answered {seen.in_a_row[Kind.CACHE]} probes in a row.",
    Kind.CACHE_HIT_RATE: lambda seen, limits: (
        f"{seen.cache_hit_percent:.0f} % of the cache's look-ups in the last minute were hits,"
        f" under {limits.cache_hit_percent:g} %."
    ),
    Kind.HIGH_ERROR_RATE: lambda seen, limits: (
        f"{seen.traffic.error_percent:.1f} % of {seen.traffic.calls} requests failed in 5 min,"
        f" over {limits.error_percent:g} %."
    ),
    Kind.SLOW_REQUEST: lambda seen, limits: (
        f"One in twenty of {seen.traffic.calls} requests took longer than {seen.traffic.p95_ms:.0f} ms in 5 min,"
        f" over {limits.response_ms:g} ms."
    ),
}
