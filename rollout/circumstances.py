"""What is known of a feature at the moment of its rollback, bounded, as one document of plain data."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from rollout import documents, opinions
from rollout.failing import who_failed
from rollout.models import Alert, Drill, Flag, Judgement, Measurement, StageChange, Worker
from rollout.plain import finite
from rollout.stages import dependants, step_at
from rollout.trends import Step, total, trend

COUNTED_FOR = timedelta(minutes=5)
ALIVE_FOR = timedelta(seconds=60)
MOST_LOOKS = 200
LOOKS_READ = 20_000
MOST_WORKERS, MOST_ALERTS, MOST_MOVES = 100, 50, 20
UNRECORDED = "not recorded yet"

_LOOKS = """
SELECT DISTINCT ON (part) at, verdict, reason, evidence, excess, proof, share
FROM (SELECT *, ntile(%(most)s) OVER (ORDER BY at, id) AS part, row_number() OVER (ORDER BY at DESC, id DESC) AS age
      FROM (SELECT * FROM rollout_look WHERE feature = %(feature)s AND attempt = %(attempt)s
            ORDER BY at DESC LIMIT %(read)s) newest) looks
ORDER BY part, age = 1 DESC, evidence DESC, at DESC
"""


def at_rollback(change: StageChange, at: datetime) -> dict[str, Any]:
    """Return all that explains the rollback `change` (a stored line of the ledger). A constant number of queries.

    A feature that others stand on is judged on what they do, so their calls and failures count as its own.
    """
    flags = {flag.name: flag for flag in Flag.objects.select_related("judgement", "measurement", "prerequisite")}
    prerequisites = {name: flag.prerequisite.name if flag.prerequisite else None for name, flag in flags.items()}
    concerned = [flags[name] for name in (change.feature, *dependants(change.feature, prerequisites))]
    workers = list(Worker.objects.filter(seen_at__gt=at - ALIVE_FOR).order_by("host", "pid")[:MOST_WORKERS])
    document: dict[str, Any] = finite(
        {
            **_what_happened(change),
            "judgement": _judgement(concerned[0], change, at),
            "counters": _counters([flag.name for flag in concerned], at),
            "evidence_over_time": _looks(change),
            "failures": who_failed(concerned),
            "workers": [_worker(one) for one in workers],
            "config": _config(concerned[0], change, workers),
            "drills": [_drill(one) for one in Drill.objects.live(at).filter(flag=concerned[0])[:MOST_ALERTS]],
            "alerts": _alerts(change),
            "moves": _moves(change),
            "parity": UNRECORDED,
        }
    )
    return document


def _what_happened(change: StageChange) -> dict[str, Any]:
    line = documents.line(change)
    told = ("at", "feature", "attempt", "move", "actor", "reason", "from", "to", "request_id", "evidence")
    return {name: line[name] for name in told} | {"ledger": {"id": change.pk, "hash": change.hash}}


def _judgement(flag: Flag, change: StageChange, at: datetime) -> dict[str, Any] | None:
    judged: Judgement | None = getattr(flag, "judgement", None)
    if judged is None or judged.attempt != change.attempt:
        return None
    return {
        "at": judged.at.isoformat(),
        "age_s": max(0.0, (at - judged.at).total_seconds()),
        "verdict": judged.verdict,
        "reason": judged.reason,
        "sentence": judged.sentence,
        "evidence": judged.evidence,
        "document": judged.document,
    }


def _counters(names: Sequence[str], at: datetime) -> dict[str, Any]:
    points = trend(names, at - COUNTED_FOR, at, Step.TEN_SECONDS)
    return {
        "step_s": int(Step.TEN_SECONDS),
        "points": [documents.point(one) for one in points],
        "total": {arm: documents.calls(calls) for arm, calls in total(points).items()},
    }


def _looks(change: StageChange) -> list[dict[str, Any]]:
    """Return E over the attempt: of each stretch of time the look with the most of it, and the newest."""
    asked: dict[str, str | int] = {"feature": change.feature, "attempt": change.attempt}
    asked |= {"most": MOST_LOOKS, "read": LOOKS_READ}
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, asked)
        names = [column.name for column in cursor.description]
        return [{**dict(zip(names, row, strict=True)), "at": row[0].isoformat()} for row in cursor.fetchall()]


def _worker(worker: Worker) -> dict[str, Any]:
    return {
        "host": worker.host,
        "pid": worker.pid,
        "release": worker.release,
        "version": worker.version,
        "open_breakers": list(worker.breakers),
        "seen_at": worker.seen_at.isoformat(),
    }


def _config(flag: Flag, change: StageChange, workers: Iterable[Worker]) -> dict[str, Any]:
    step = step_at(change.before, flag.plan)
    measured: Measurement | None = getattr(flag, "measurement", None)
    is_of_attempt = measured is not None and measured.attempt == change.attempt
    return {
        "step": opinions.step(step) if step else None,
        "measurement": _measurement(measured) if measured and is_of_attempt else None,
        "forces": {str(worker): worker.forces for worker in workers if worker.forces},
    }


def _measurement(measured: Measurement) -> dict[str, Any]:
    return {
        "operations": measured.operations,
        "share": measured.share,
        "release": measured.release,
        "changes": measured.changes,
        "slow_ms": measured.slow_ms,
        "slow_since": measured.slow_since.isoformat() if measured.slow_since else None,
        "p95_ms": measured.p95_ms,
        "sample_bits": measured.sample_bits,
    }


def _drill(drill: Drill) -> dict[str, Any]:
    return {
        "fault": drill.fault,
        "rate": drill.rate,
        "operation": drill.operation,
        "actor": drill.actor,
        "reason": drill.reason,
        "expires_at": drill.expires_at.isoformat(),
    }


def _alerts(change: StageChange) -> list[dict[str, Any]]:
    rows = Alert.objects.filter(resolved_at=None, feature__in=[change.feature, ""])
    return [documents.alert(one) for one in rows.order_by("-opened_at", "-id")[:MOST_ALERTS]]


def _moves(change: StageChange) -> list[dict[str, Any]]:
    """Return the attempt's way here, oldest first."""
    rows = StageChange.objects.of([change.feature]).filter(attempt=change.attempt)[:MOST_MOVES]
    told = ("id", "at", "move", "actor", "reason")
    found = [{**{name: documents.line(row)[name] for name in told}, "after": str(row.after)} for row in rows]
    return found[::-1]
