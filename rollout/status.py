"""The whole picture in one document: `rollout status --json`, the HTTP API and the admin show the same."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rollout import documents, ledger
from rollout.models import Alert, Flag, Guard, Judgement
from rollout.propagation import propagation
from rollout.stages import HUNDRED, ZERO, Stage, chain
from rollout.stalled import is_stalled


def status(names: Sequence[str], at: datetime) -> dict[str, Any]:
    """Return the picture at `at`; the sums are over all features, `feature_flags` holds those named, or all.

    What nothing says is null, never a number: `verdict` where the guard has not judged the present attempt, and in
    `rollout` people, health and error rate where no guard looks.
    """
    flags = {flag.name: flag for flag in Flag.objects.select_related("prerequisite").order_by("name")}
    shown = [flag.name for flag in Flag.objects.all_named(names)] if names else list(flags)
    shares = {name: effective_percentage(name, flags) for name in flags}
    migrated = min(shares.values(), default=ZERO)
    judged, guard = _judged(flags), _guard(at)
    return {
        "timestamp": at.isoformat(),
        "overall_status": {
            "enabled_features": sum(flag.stage != Stage.DISABLED for flag in flags.values()),
            "total_features": len(flags),
            "migration_percentage": float(migrated),
        },
        "feature_flags": {name: _feature(flags[name], shares[name], judged.get(name)) for name in shown},
        "stages": _stages(flags.values()),
        "propagation": documents.propagation(propagation()),
        "rollout": _rollout(flags, migrated, list(judged.values()), guard),
        "guard": guard,
        "ledger_head": ledger.head_hash(),
    }


def effective_percentage(name: str, flags: Mapping[str, Flag]) -> Decimal:
    """Return the share of people for whom the feature is on, its prerequisites' slots included.

    In one cohort the same people come first, so it is the least share; cohorts are independent, so theirs multiply.
    """
    least: dict[str, Decimal] = {}
    prerequisites = {flag.name: flag.prerequisite.name if flag.prerequisite else None for flag in flags.values()}
    for link in (name, *chain(name, prerequisites)):
        flag = flags[link]
        least[flag.cohort] = min(least.get(flag.cohort, HUNDRED), flag.position.share)
    share = HUNDRED
    for percentage in least.values():
        share = share * percentage / HUNDRED
    return share


def _feature(flag: Flag, effective: Decimal, judged: Judgement | None) -> dict[str, Any]:
    return {
        "enabled": flag.stage != Stage.DISABLED,
        "description": flag.note,
        "stage": flag.stage,
        "percentage": float(flag.percentage),
        "effective_percentage": float(effective),
        "holdout": float(flag.holdout),
        "paused": flag.paused,
        "attempt": flag.attempt,
        "version": flag.version,
        "cohort": flag.cohort,
        "prerequisite": flag.prerequisite.name if flag.prerequisite else None,
        "entered_at": flag.entered_at.isoformat(),
        "verdict": _verdict(judged) if judged else None,
    }


def _judged(flags: Mapping[str, Flag]) -> dict[str, Judgement]:
    """Return what the guard thinks of each feature's present attempt; the last word on one that is over stands."""
    found = {row.flag_id: row for row in Judgement.objects.all()}
    rows = {name: found.get(flag.pk) for name, flag in flags.items()}
    return {name: row for name, row in rows.items() if row and row.attempt == flags[name].attempt}


def _verdict(judged: Judgement) -> dict[str, Any]:
    return {
        "verdict": judged.verdict,
        "reason": judged.reason,
        "sentence": judged.sentence,
        "evidence": judged.evidence,
        "at": judged.at.isoformat(),
    }


def _guard(at: datetime) -> dict[str, Any] | None:
    """Return who watches; null where no guard ever has."""
    guard = Guard.objects.first()
    if guard is None:
        return None
    stalled = is_stalled(at - guard.ticked_at)
    return {"leader": str(guard), "ticked_at": guard.ticked_at.isoformat(), "is_stalled": stalled}


def _stages(flags: Any) -> dict[str, int]:
    found = Counter(flag.stage for flag in flags)
    return {stage.value: found[stage.value] for stage in Stage}


def _rollout(
    flags: Mapping[str, Flag], migrated: Decimal, judged: Iterable[Judgement], guard: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The original's summary, under its own names; the stage is that of the feature that is least far."""
    least = min((Stage(flag.stage) for flag in flags.values()), key=lambda stage: stage.rank, default=Stage.DISABLED)
    told = [row.document for row in judged if row.document]
    alerts = Alert.objects.open().count()
    return {
        "current_percentage": float(migrated),
        "current_stage": least.value,
        "total_users_affected": max((one["people"]["reached"] for one in told), default=None),
        "is_healthy": None if guard is None else not (guard["is_stalled"] or alerts),
        "error_rate": _error_rate(one["window"]["candidate"] for one in told),
        "alerts_count": alerts,
    }


def _error_rate(arms: Iterable[Mapping[str, Any]]) -> float | None:
    """Return v4's failures per hundred calls of the last 5 minutes; null where there were no calls."""
    found = list(arms)
    calls = sum(arm["calls"] for arm in found)
    return round(100 * sum(arm["failures"] for arm in found) / calls, 3) if calls else None
