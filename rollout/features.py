"""The features that settings declare, and the rows that stand for them."""

from collections.abc import Mapping
from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction

from rollout.stages import DEFAULT_PLAN, PlanStep, prerequisites_first


def declared() -> Mapping[str, tuple[str, str | None]]:
    """Return the declared features: name → (what it gates, its prerequisite)."""
    features: Mapping[str, tuple[str, str | None]] = settings.ROLLOUT["FEATURES"]
    return features


def ensure(apps: Apps = installed_apps, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Create each declared feature that has no row yet, DISABLED and with the default plan; leave the others alone.

    A receiver of `post_migrate` rather than a data migration: a flush empties what migrations made and sends this.
    """
    try:
        flags = apps.get_model("rollout", "Flag")
        steps = apps.get_model("rollout", "Step")
    except LookupError:  # migrated backwards, to before the tables
        return
    with transaction.atomic(using=using):
        for name in _missing(flags, using):
            flag = flags._base_manager.using(using).create(**_row(flags, name, using))
            steps._base_manager.using(using).bulk_create(
                steps(flag=flag, position=position, **_columns(step))
                for position, step in enumerate(DEFAULT_PLAN, start=1)
            )


def _missing(flags: Any, using: str) -> list[str]:
    known = set(flags._base_manager.using(using).values_list("name", flat=True))
    prerequisites = {name: prerequisite for name, (_, prerequisite) in declared().items()}
    return [name for name in prerequisites_first(list(declared()), prerequisites) if name not in known]


def _row(flags: Any, name: str, using: str) -> dict[str, Any]:
    note, prerequisite = declared()[name]
    above = flags._base_manager.using(using).get(name=prerequisite) if prerequisite else None
    return {"name": name, "note": note, "cohort": settings.ROLLOUT["COHORT"], "prerequisite": above}


def _columns(step: PlanStep) -> dict[str, Any]:
    return {
        "stage": step.stage.value,
        "percentage": step.percentage,
        "dwell": step.dwell,
        "min_requests": step.min_requests,
        "max_error_percent": step.max_error_percent,
        "p95_ms": step.p95_ms,
        "automatic": step.automatic,
    }
