"""What the rollout tells, as plain data: the same words on the command line, over HTTP and in flight records."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from jewgo.core.errors import JewgoError
from rollout.alert_kinds import advice
from rollout.models import Alert, StageChange
from rollout.moves import Outcome, Report
from rollout.propagation import Propagation
from rollout.stages import Position
from rollout.trends import Calls, Operation, Point

if TYPE_CHECKING:
    from rollout.certificate import Certificate
    from rollout.harm import Toll
    from rollout.movers import Movers
    from rollout.radius import Radius


def report(made: Report) -> dict[str, Any]:
    """Return what a move did, feature by feature."""
    return {
        "move": made.move,
        "dry_run": made.dry_run,
        "control_version": made.control_version,
        "features": [outcome(one) for one in made.outcomes],
    }


def outcome(one: Outcome) -> dict[str, Any]:
    """Return what became of one feature; `ledger` is null where no line was written, `radius` where nothing would."""
    return {
        "feature": one.feature,
        "result": one.result.value,
        "from": position(one.before),
        "to": position(one.after),
        "version": one.version,
        "notes": list(one.notes),
        "ledger": {"id": one.change.pk, "hash": one.change.hash} if one.change else None,
        "error": error(one.error) if one.error else None,
        "radius": radius(one.radius) if one.radius else None,
    }


def radius(one: "Radius") -> dict[str, Any]:
    """Return whom a move concerns; identities only, and shares of 0 to 1."""
    return {
        "sentence": one.sentence,
        "details": one.details,
        "movers": _movers(one.movers),
        "share": {"before": one.share_before, "after": one.share_after},
        "people_before_rollback": {
            "failing_always": _toll(one.failing_always),
            "failing_one_in_five": _toll(one.failing_one_in_five),
            "people_per_hour": round(one.people_per_hour, 1),
            "unknown_because": one.no_toll or None,
        },
        "evidence_share": one.evidence_share,
        "by_hand_only": one.is_by_hand,
        "dependants": {name: _movers(moved) for name, moved in one.dependants.items()},
        "opinion": one.opinion,
    }


def certificate(one: "Certificate") -> dict[str, Any]:
    """Return every condition of a certificate, met or not."""
    conditions = [{"name": each.name, "met": each.is_met, "sentence": each.sentence} for each in one.conditions]
    return {"feature": one.feature, "given": one.is_given, "conditions": conditions}


def position(place: Position) -> dict[str, Any]:
    """Return where a feature stands."""
    return {"stage": place.stage.value, "percentage": float(place.percentage), "holdout": float(place.holdout)}


def line(change: StageChange) -> dict[str, Any]:
    """Return one line of the ledger, whole."""
    return {
        "id": change.pk,
        "at": change.at.isoformat(),
        "feature": change.feature,
        "move": change.move,
        "actor": change.actor,
        "reason": change.reason,
        "from": position(change.before),
        "to": position(change.after),
        "attempt": change.attempt,
        "version": change.flag_version,
        "request_id": change.request_id or None,
        "evidence": change.evidence,
        "details": change.details,
        "previous_hash": change.previous_hash,
        "hash": change.hash,
    }


def propagation(seen: Propagation) -> dict[str, Any]:
    """Return how far a version has got; `slowest_s` is null until it reached a worker."""
    return {
        "version": seen.version,
        "workers": len(seen.workers),
        "current": len(seen.current),
        "slowest_s": None if seen.slowest_s is None else round(seen.slowest_s, 3),
        "behind": [worker.name for worker in seen.behind],
        "unconfirmed": [worker.name for worker in seen.unconfirmed],
        "done": seen.is_done,
        "forces": {name: dict(forces) for name, forces in seen.forces.items()},
    }


def calls(some: Calls) -> dict[str, Any]:
    """Return what became of some calls of one arm; durations in milliseconds."""
    return {
        "calls": some.calls,
        "eligible": some.eligible,
        "client_errors": some.client_errors,
        "failures": some.failures,
        "error_percent": round(some.error_percent, 3),
        "recovered": some.recovered,
        "breaker": some.breaker,
        "bulkhead": some.bulkhead,
        "by_v3_percent": round(some.by_v3_percent, 3),
        "lost": some.lost,
        "p50_ms": round(some.quantile_ms(0.5), 1),
        "p95_ms": round(some.quantile_ms(0.95), 1),
        "p99_ms": round(some.quantile_ms(0.99), 1),
    }


def point(one: Point) -> dict[str, Any]:
    """Return the calls of one step of time, by arm."""
    return {"at": one.at.isoformat(), "arms": {arm: calls(some) for arm, some in one.arms.items()}}


def operation(one: Operation) -> dict[str, Any]:
    """Return the calls of one operation, by arm."""
    arms = {arm: calls(some) for arm, some in one.arms.items()}
    return {"feature": one.feature, "operation": one.operation, "arms": arms}


def alert(one: Alert) -> dict[str, Any]:
    """Return one alert, whole; `advice` is what to do about it."""
    return {
        "id": one.pk,
        "name": one.name,
        "feature": one.feature or None,
        "severity": one.severity,
        "message": one.message,
        "advice": advice(one.name, one.feature),
        "details": one.details,
        "opened_at": one.opened_at.isoformat(),
        "seen_at": one.seen_at.isoformat(),
        "times": one.times,
        "acknowledged_at": _time(one.acknowledged_at),
        "acknowledged_by": one.acknowledged_by or None,
        "resolved_at": _time(one.resolved_at),
    }


def error(refusal: JewgoError) -> dict[str, Any]:
    """Return what went wrong and what helps."""
    return {
        "code": refusal.code,
        "message": refusal.message,
        "hint": refusal.hint,
        "problems": [{"code": one.code, "message": one.detail, "hint": one.hint} for one in refusal.problems],
        "meta": refusal.meta,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _movers(moved: "Movers") -> dict[str, Any]:
    return {
        "known": moved.known,
        "on_v4": moved.on_v4,
        "into_v4": moved.into_v4,
        "into_v3": moved.into_v3,
        "names_into_v4": list(moved.names_into_v4),
        "names_into_v3": list(moved.names_into_v3),
    }


def _toll(one: "Toll | None") -> dict[str, Any] | None:
    return {"people": one.people, "detector": one.detector} if one else None
