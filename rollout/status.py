"""The whole picture in one document: `rollout status --json`, the HTTP API and the admin show the same."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rollout import documents, ledger
from rollout.models import Alert, Flag
from rollout.propagation import propagation
from rollout.stages import HUNDRED, ZERO, Stage, chain


def status(names: Sequence[str], at: datetime) -> dict[str, Any]:
    """Return the picture at `at`; the sums are over all features, `feature_flags` holds those named, or all.

    What nothing records yet is null, never a number: `verdict`, and in `rollout` the people served, health and error
    rate, which belong to the guard.
    """
    flags = {flag.name: flag for flag in Flag.objects.select_related("prerequisite").order_by("name")}
    shown = [flag.name for flag in Flag.objects.all_named(names)] if names else list(flags)
    shares = {name: effective_percentage(name, flags) for name in flags}
    migrated = min(shares.values(), default=ZERO)
    return {
        "timestamp": at.isoformat(),
        "overall_status": {
            "enabled_features": sum(flag.stage != Stage.DISABLED for flag in flags.values()),
            "total_features": len(flags),
            "migration_percentage": float(migrated),
        },
        "feature_flags": {name: _feature(flags[name], shares[name]) for name in shown},
        "stages": _stages(flags.values()),
        "propagation": documents.propagation(propagation()),
        "rollout": _rollout(flags, migrated),
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


def _feature(flag: Flag, effective: Decimal) -> dict[str, Any]:
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
        "verdict": None,
    }


def _stages(flags: Any) -> dict[str, int]:
    found = Counter(flag.stage for flag in flags)
    return {stage.value: found[stage.value] for stage in Stage}


def _rollout(flags: Mapping[str, Flag], migrated: Decimal) -> dict[str, Any]:
    """The original's summary, under its own names; the stage is that of the feature that is least far."""
    least = min((Stage(flag.stage) for flag in flags.values()), key=lambda stage: stage.rank, default=Stage.DISABLED)
    return {
        "current_percentage": float(migrated),
        "current_stage": least.value,
        "total_users_affected": None,
        "is_healthy": None,
        "error_rate": None,
        "alerts_count": Alert.objects.open().count(),
    }
