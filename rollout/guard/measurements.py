"""What the workers measure of each feature under way, and when its processes began: kept up to date by the guard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from rollout import registry, windows
from rollout.histogram import quantile_ms
from rollout.models import Flag, Measurement, Sighting, Worker
from rollout.processes import Schedule, schedule
from rollout.propagation import LEASE_S
from rollout.spans import Marks, spans
from rollout.stages import ZERO, PlanStep, Stage, step_at

WATCHED = frozenset({Stage.TESTING, Stage.PARTIAL, Stage.FULL})
MOST_SIGHTINGS = 100_000
"""Sightings of one attempt that are kept; beyond, a fixed sample of the people stands for all."""
CALLS_FOR_A_LIMIT = 100
HABITS = timedelta(hours=1)
"""Over how long v3's own p99 is taken."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A feature that the guard judges: its operations, and of which features' calls these are."""

    flag: Flag
    features: tuple[str, ...]
    operations: tuple[str, ...]
    step: PlanStep
    """Its place in the plan; off the plan, the limits of the last step before, and by hand only."""
    number: int
    """Of that step in the plan, from 0."""


def subjects(flags: Mapping[str, Flag]) -> list[Subject]:
    """Return the features under way that switch operations themselves, or on which such features stand."""
    found = []
    for flag in flags.values():
        features = _switching(flag.name, flags)
        operations = sorted(name for name, feature in registry.operations().items() if feature in features)
        if operations and Stage(flag.stage) in WATCHED:
            found.append(Subject(flag, features, tuple(operations), *_step(flag)))
    return found


def toggles(flags: Mapping[str, Flag], subject: Subject) -> list[str]:
    """Return the features under way that switch nothing and stand beside the subject: they go back with it."""
    judged = {one for name in flags for one in _own(name)}
    return sorted(
        name
        for name, flag in flags.items()
        if name not in judged
        and flag.prerequisite_id is not None
        and flag.prerequisite_id == subject.flag.prerequisite_id
        and Stage(flag.stage) in WATCHED
    )


def brought_up_to_date(subject: Subject, share: float, now: datetime, known: Marks) -> Measurement:
    """Return the subject's measurement as it should be now; written only where something changed."""
    flag = subject.flag
    kept = Measurement.objects.filter(flag=flag).first()
    if kept is None or kept.attempt != flag.attempt:
        kept = _begun(subject, share, kept, now)
    before = _state(kept)
    _note_change(kept, "share", share, kept.share, now, subject.step)
    _note_release(kept, now)
    _freeze_limits(kept, subject, now, known)
    kept.share, kept.p95_ms = share, subject.step.p95_ms
    if kept._state.adding or _state(kept) != before:
        kept.save()
    return kept


def sampled(measurement: Measurement, flag: Flag) -> None:
    """Halve the sample of people who are seen, and forget those who do not belong to it any more."""
    measurement.sample_bits += 1
    Sighting.objects.of(flag).outside_sample(measurement.sample_bits).delete()
    measurement.save(update_fields=["sample_bits"])


def schedule_of(measurement: Measurement, started_at: datetime, now: datetime) -> Schedule:
    """Return the processes of the attempt that have begun by now."""
    changes = [datetime.fromisoformat(change["at"]) for change in measurement.changes if change["kind"] != "start"]
    return schedule(started_at, changes, now)


def limits_of(measurement: Measurement, started_at: datetime) -> list[tuple[int, float]]:
    """Return the shares of people who may fail, each with the epoch from which it holds."""
    minute = timedelta(minutes=1)
    return [
        ((datetime.fromisoformat(change["at"]) - started_at) // minute, change["limit"])
        for change in measurement.changes
        if "limit" in change
    ]


def _own(feature: str) -> tuple[str, ...]:
    return (feature,) if feature in registry.operations().values() else ()


def _switching(feature: str, flags: Mapping[str, Flag]) -> tuple[str, ...]:
    """Return the features by whose operations one is judged: itself, else what stands on it and is under way."""
    if own := _own(feature):
        return own
    pk = flags[feature].pk
    above = (flag for flag in flags.values() if flag.prerequisite_id == pk and Stage(flag.stage) in WATCHED)
    return tuple(sorted(flag.name for flag in above if _own(flag.name)))


def _step(flag: Flag) -> tuple[PlanStep, int]:
    """Return the place in the plan, and its number; where there is none, the limits of the last before it."""
    plan = sorted(flag.plan, key=lambda step: step.reach)
    exact = step_at(flag.position, plan)
    if exact is not None:
        return exact, plan.index(exact)
    here = (flag.position.stage.rank, flag.position.percentage)
    before = [step for step in plan if step.reach <= here] or plan[:1] or [PlanStep(Stage.PARTIAL, ZERO)]
    limits = before[-1]
    off = PlanStep(
        flag.position.stage,
        flag.position.percentage,
        limits.dwell,
        limits.min_requests,
        limits.max_error_percent,
        limits.p95_ms,
        automatic=False,
    )
    return off, max(len(before) - 1, 0)


def _begun(subject: Subject, share: float, kept: Measurement | None, now: datetime) -> Measurement:
    """Return the measurement of a new attempt, in the row of the one before."""
    begun = kept or Measurement(flag=subject.flag)
    begun.attempt = subject.flag.attempt
    begun.operations = list(subject.operations)
    begun.share = share
    begun.release, begun.slow_ms, begun.slow_since, begun.sample_bits = _release(now), {}, None, 0
    start = subject.flag.started_at or subject.flag.entered_at
    begun.changes = [{"at": start.isoformat(), "kind": "start", "value": share, "limit": _limit(subject.step)}]
    return begun


def _note_change(kept: Measurement, kind: str, value: Any, before: Any, now: datetime, step: PlanStep) -> None:
    if value != before:
        kept.changes.append({"at": now.isoformat(), "kind": kind, "value": value, "limit": _limit(step)})


def _note_release(kept: Measurement, now: datetime) -> None:
    """Note that another release serves: that of the live worker that started last."""
    release = _release(now)
    if release and release != kept.release:
        kept.changes.append({"at": now.isoformat(), "kind": "release", "value": release})
        kept.release = release


def _release(now: datetime) -> str:
    newest = Worker.objects.live(now, LEASE_S).order_by("-started_at").values_list("release", flat=True).first()
    return newest or ""


def _freeze_limits(kept: Measurement, subject: Subject, now: datetime, known: Marks) -> None:
    """Take v3's p99 of each operation, once in a step, as soon as v3 has had enough calls to tell."""
    entered_at = subject.flag.entered_at
    is_new = kept.slow_since is None or kept.slow_since < entered_at
    missing = [name for name in subject.operations if is_new or name not in kept.slow_ms]
    if not missing or (not is_new and now.second):  # what v3 could not tell yet is asked once a minute
        return
    found = {name: limit for name in missing if (limit := _slow_ms(subject.features, name, now, known)) is not None}
    limits = {**kept.slow_ms, **found}
    if limits != kept.slow_ms:
        kept.changes.append({"at": now.isoformat(), "kind": "limit", "value": limits})
    kept.slow_ms, kept.slow_since = limits, kept.slow_since if not is_new else now


def _slow_ms(features: Sequence[str], operation: str, now: datetime, known: Marks) -> float | None:
    bars = windows.histograms(features, spans(now - HABITS, now + HABITS, known), operation).get("control", {})
    if sum(bars.values()) < CALLS_FOR_A_LIMIT:
        return None
    return max(round(quantile_ms(bars, 0.99), 1), float(settings.ROLLOUT["SLOW_FLOOR_MS"]))


def _limit(step: PlanStep) -> float:
    return float(step.max_error_percent) / 100


def _state(kept: Measurement) -> tuple[Any, ...]:
    fields = (field for field in kept._meta.concrete_fields if not field.primary_key)
    return tuple(list(value) if isinstance(value := getattr(kept, field.attname), list) else value for field in fields)
