"""What the tables know of the rollout, as Prometheus' metric families: of the whole service, not of one worker."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from rollout import trends
from rollout.histogram import LAST, upper_ms
from rollout.models import Alert, Flag, Guard, Judgement
from rollout.propagation import propagation
from rollout.stages import Stage
from rollout.status import effective_percentage

ROOT: Final = "jewgo_rollout"
SINCE: Final = datetime(2020, 1, 1, tzinfo=UTC)
"""Before the first call: a counter is the sum of everything that was recorded."""
EDGES: Final = range(19, LAST, 4)
"""Every fourth bound of our buckets, from 3.2 ms to 26 s: each twice the one before."""
LABELS: Final = ("feature", "operation", "arm")
COUNTERS: Final[Mapping[str, str]] = {
    "calls": "Calls that were answered.",
    "client_errors": "Calls answered 4xx.",
    "failures": "Calls whose own engine failed.",
    "recovered": "Failed calls of v4 that v3 answered in the same request.",
    "breaker": "Calls that v3 answered because the breaker was open.",
    "bulkhead": "Calls that v3 answered because v4 held its share of threads.",
}


def families(at: datetime) -> Iterator[Metric]:
    """Yield every family as of `at`; the number of series depends on features and operations, never on traffic."""
    flags = {flag.name: flag for flag in Flag.objects.select_related("prerequisite").order_by("name")}
    yield from _calls(trends.operations(None, SINCE, at, trends.Step.HOUR))
    yield from _features(flags)
    yield from _verdicts(flags)
    yield from _workers()
    yield from _watch(at)


def _calls(operations: Iterable[trends.Operation]) -> Iterator[Metric]:
    counters = {name: CounterMetricFamily(f"{ROOT}_{name}", told, labels=LABELS) for name, told in COUNTERS.items()}
    durations = HistogramMetricFamily(f"{ROOT}_duration_seconds", "How long calls took.", labels=LABELS)
    for one in operations:
        for arm, calls in one.arms.items():
            labels = (one.feature, one.operation, arm)
            for name, counter in counters.items():
                counter.add_metric(labels, getattr(calls, name))
            durations.add_metric(labels, _buckets(calls), sum_value=calls.total_ms / 1000)
    yield from counters.values()
    yield durations


def _buckets(calls: trends.Calls) -> list[tuple[str, float]]:
    """Return the calls no longer than each edge, in seconds, as Prometheus adds them up: cumulative, to infinity."""
    edges = [(f"{upper_ms(edge) / 1000:.4g}", _up_to(calls, edge)) for edge in EDGES]
    return [*edges, ("+Inf", float(sum(calls.buckets.values())))]


def _up_to(calls: trends.Calls, edge: int) -> float:
    return float(sum(count for number, count in calls.buckets.items() if number <= edge))


def _features(flags: Mapping[str, Flag]) -> Iterator[Metric]:
    stage = GaugeMetricFamily(f"{ROOT}_stage", "1 at the stage where the feature stands.", labels=("feature", "stage"))
    share = GaugeMetricFamily(f"{ROOT}_share", "Share of people for whom it is on, 0 to 1.", labels=("feature",))
    paused = GaugeMetricFamily(f"{ROOT}_paused", "1 while nothing moves it forward.", labels=("feature",))
    for name, flag in flags.items():
        for one in Stage:
            stage.add_metric((name, one.value), float(flag.stage == one))
        share.add_metric((name,), float(effective_percentage(name, flags)) / 100)
        paused.add_metric((name,), float(flag.paused))
    return iter((stage, share, paused))


def _verdicts(flags: Mapping[str, Flag]) -> Iterator[Metric]:
    names = {flag.pk: (name, flag.attempt) for name, flag in flags.items()}
    verdict = GaugeMetricFamily(
        f"{ROOT}_verdict", "1 for what the guard thinks of it now.", labels=("feature", "verdict", "reason")
    )
    evidence = GaugeMetricFamily(f"{ROOT}_evidence", "E against v4; 100 decides.", labels=("feature",))
    for row in Judgement.objects.order_by("flag_id"):
        name, attempt = names.get(row.flag_id, ("", -1))
        if row.attempt == attempt:
            verdict.add_metric((name, row.verdict, row.reason), 1.0)
            evidence.add_metric((name,), row.evidence)
    return iter((verdict, evidence))


def _workers() -> Iterator[Metric]:
    seen = propagation()
    counts = {"current": len(seen.current), "behind": len(seen.behind), "unconfirmed": len(seen.unconfirmed)}
    workers = GaugeMetricFamily(f"{ROOT}_workers", "Workers by what they decide by.", labels=("state",))
    for state, count in counts.items():
        workers.add_metric((state,), count)
    yield workers
    yield GaugeMetricFamily(f"{ROOT}_control_version", "The newest version of the control state.", seen.version)


def _watch(at: datetime) -> Iterator[Metric]:
    guard = Guard.objects.first()
    if guard is not None:
        age_s: Any = (at - guard.ticked_at).total_seconds()
        yield GaugeMetricFamily(f"{ROOT}_guard_age_seconds", "Since the guard last looked.", max(age_s, 0.0))
    alerts = GaugeMetricFamily(f"{ROOT}_alert_open", "1 for an open alert.", labels=("name", "feature", "severity"))
    for alert in Alert.objects.open().order_by("name", "feature"):
        alerts.add_metric((alert.name, alert.feature, alert.severity), 1.0)
    yield alerts
