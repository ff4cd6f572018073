"""What the counters say of a feature's calls: how many may be evidence, and how many v3 answered in v4's place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import get_resolver

from rollout import registry
from rollout.models import Alert, Flag, HealthSample
from rollout.stages import dependants
from rollout.verdict import Reason

Span = tuple[datetime, datetime]
"""From, up to but without."""

HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
LEAST_EVIDENCE_SHARE = 0.2
"""Where fewer of the calls may be evidence, the guard never goes on by itself: too many fail unseen by statistics."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of switches, of both arms."""

    calls: int = 0
    eligible: int = 0

    @property
    def evidence_share(self) -> float | None:
        """The share (0 to 1) that may be evidence; None where there were no calls."""
        return self.eligible / self.calls if self.calls else None

    def __add__(self, other: "Calls") -> "Calls":
        return Calls(self.calls + other.calls, self.eligible + other.eligible)


@dataclass(frozen=True, slots=True)
class Answered:
    """Calls that were assigned to v4 in a span of time, and those of them that v3 answered because v4 could not."""

    calls: int = 0
    by_v3: int = 0
    excepted_minutes: int = 0
    """Minutes left out, since both engines suffered from a shared fault."""


def judged_by(feature: str, prerequisites: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return the features on whose operations this one is judged: itself where it switches any, else its dependants.

    Nothing where none of them switches an operation, as a toggle's.
    """
    get_resolver().url_patterns  # noqa: B018 importing the views registers their switches
    switching = set(registry.operations().values())
    if feature in switching:
        return (feature,)
    return tuple(name for name in dependants(feature, prerequisites) if name in switching)


def evidence_share(feature: str, at: datetime) -> float | None:
    """Return the share (0 to 1) of the last hour's calls that may be evidence; None where there were none."""
    judged = judged_by(feature, Flag.objects.prerequisites())
    return total(last_hour(judged, at), judged).evidence_share


def last_hour(features: Iterable[str], at: datetime) -> dict[str, Calls]:
    """Return the calls of each feature's switches, both arms together, in the hour up to `at`. One query."""
    rows = HealthSample.objects.of_switches(features, at - HOUR, at).sums_by_feature()
    return {feature: Calls(calls, eligible) for feature, calls, eligible in rows}


def total(calls: Mapping[str, Calls], features: Iterable[str]) -> Calls:
    """Return the sum over some features."""
    return sum((calls.get(feature, Calls()) for feature in features), start=Calls())


def answered(feature: str, judged: Iterable[str], since: datetime, until: datetime) -> Answered:
    """Return what became of the calls assigned to v4, less those of minutes with an open alert `shared_fault`.

    By v3 were answered those whose v4 failed (`recovered`) and those that met an open breaker. A bulkhead is our own
    limit of threads, no failing v4, and does not count. A sum over an hour that touches such a minute is left out
    whole.
    """
    names = list(judged)
    faults = _faults({feature, *names, ""}, since, until)
    samples = HealthSample.objects.of_switches(names, since, until).on_candidate()
    return Answered(samples.calls(), samples.outside(faults).answered_by_v3(), _minutes(faults))


def _faults(features: Iterable[str], since: datetime, until: datetime) -> list[Span]:
    """Return the whole minutes in which a shared fault was open."""
    alerts = Alert.objects.open_between(Reason.SHARED_FAULT, features, since, until)
    return [
        (_minute_of(max(opened, since)), _minute_of(min(ended or until, until)) + _MINUTE) for opened, ended in alerts
    ]


def _minutes(spans: Iterable[Span]) -> int:
    """Return how many minutes lie in any of the spans, which may overlap."""
    return len({begins + n * _MINUTE for begins, ends in spans for n in range((ends - begins) // _MINUTE)})


def _minute_of(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
