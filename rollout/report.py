"""The report: status, history, evidence, trends and recommendations, as one document computed from what is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from rollout import documents, ledger, trends
from rollout.models import Alert, Flag, Guard, StageChange
from rollout.outlook import Outlook
from rollout.plain import finite
from rollout.propagation import Propagation, propagation
from rollout.recommendations import recommended
from rollout.stages import dependants
from rollout.trends import Step, trend

DAYS = timedelta(days=30)
ALERTS_OF = timedelta(days=7)
MOST_LINES, MOST_ROLLBACKS, MOST_ALERTS = 20, 20, 50
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=30)


def report(names: Sequence[str], at: datetime, since: timedelta = timedelta(hours=24)) -> dict[str, Any]:
    """Return the report on these features (none named: on all) at `at`; calls by hour are those of `since` until then.

    A feature that others stand on is judged on what they do, so their calls count as its own. The number of queries
    depends on nothing. Raises UnknownFeature.
    """
    named = [flag.name for flag in Flag.objects.all_named(names)] if names else []
    outlook = Outlook.at(at)
    shown = named or sorted(outlook.flags)
    measured = _with_dependants(named, outlook.prerequisites) if named else None
    operations = trends.operations(measured, at - since, at, Step.HOUR if since > timedelta(hours=2) else Step.MINUTE)
    seen = [outlook.feature(name, operations, since) for name in shown]
    workers = propagation()
    alerts = _alerts(named, at)
    document: dict[str, Any] = {
        "timestamp": at.isoformat(),
        "since": (at - since).isoformat(),
        "features": {name: outlook.document(name) for name in shown},
        "migration_percentage": outlook.migration_percentage,
        "recommendations": [asdict(one) for one in recommended(outlook.platform(workers, alerts), seen)],
        "operations": [documents.operation(one) for one in operations],
        "trends": {
            "hour": [documents.point(one) for one in trend(measured, at - since, at, Step.HOUR)],
            "day": [documents.point(one) for one in trend(measured, at - DAYS, at, Step.DAY)],
        },
        "alerts": [documents.alert(one) for one in alerts],
        "rollbacks": _rollbacks(named, at),
        "history": [documents.line(line) for line in StageChange.objects.of(named)[:MOST_LINES]],
        "platform": _platform(workers, outlook.guard, at),
    }
    return {name: finite(part) for name, part in document.items()}


def _with_dependants(names: Iterable[str], prerequisites: Mapping[str, str | None]) -> list[str]:
    return sorted({other for name in names for other in (name, *dependants(name, prerequisites))})


def _alerts(names: Sequence[str], at: datetime) -> list[Alert]:
    """Return what is open, and what was within the last week; open ones first."""
    about = Q(feature__in=[*names, ""]) if names else Q()
    rows = Alert.objects.filter(about, Q(resolved_at=None) | Q(resolved_at__gt=at - ALERTS_OF))
    return list(rows.order_by(F("resolved_at").desc(nulls_first=True), "-opened_at", "-id")[:MOST_ALERTS])


def _rollbacks(names: Sequence[str], at: datetime) -> list[dict[str, Any]]:
    """Return the rollbacks of the last month, newest first; `flight` is null where none could be recorded."""
    rows: Any = StageChange.objects.with_flights(names).filter(move="rollback", at__gt=at - DAYS)
    return [
        {
            "at": line.at.isoformat(),
            "feature": line.feature,
            "attempt": line.attempt,
            "from": documents.position(line.before),
            "actor": line.actor,
            "reason": line.reason,
            "ledger": line.pk,
            "flight": line.flight,
        }
        for line in rows[:MOST_ROLLBACKS]
    ]


def _platform(workers: Propagation, guard: Guard | None, at: datetime) -> dict[str, Any]:
    return {
        "propagation": documents.propagation(workers),
        "guard": _guard(guard, at) if guard else None,
        "ledger_head": ledger.head_hash(),
    }


def _guard(guard: Guard, at: datetime) -> dict[str, Any]:
    age_s = max(0.0, (at - guard.ticked_at).total_seconds())
    return {"leader": str(guard), "ticked_at": guard.ticked_at.isoformat(), "age_s": age_s, "ticks": guard.ticks}
