"""What the workers measure of each feature under way, and when its processes began: kept up to date by the guard."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from rollout import windows
from rollout.guard.subjects import Subject
from rollout.histogram import quantile_ms
from rollout.models import Flag, Measurement, Sighting
from rollout.processes import Schedule, schedule
from rollout.spans import Marks, spans
from rollout.stages import PlanStep

MOST_SIGHTINGS = 100_000
"""Sightings of one attempt that are kept; beyond, a fixed sample of the people stands for all."""
CALLS_FOR_A_LIMIT = 100
HABITS = timedelta(hours=1)
"""Over how long v3's own p99 is taken."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is the same for all measurements at one look."""

    now: datetime
    known: Marks
    release: str
    """Of the live worker that started last; empty where there is none."""
    asks_again: bool = True
    """Whether v3 is asked for the limits that it could not tell before, which is done once a minute."""


def brought_up_to_date(
    subject: Subject, kept: Measurement | None, share: float, moment: Moment
) -> tuple[Measurement, bool]:
    """Return the subject's measurement as it should be now, and whether that is news; writes nothing (see `store`)."""
    before = None if kept is None or kept.attempt != subject.flag.attempt else _state(kept)
    if kept is None or before is None:
        kept = _begun(subject, kept, share, moment)
    _note_step(kept, subject.step, share, moment.now)
    _note_release(kept, moment)
    _freeze_limits(kept, subject, moment)
    return kept, _state(kept) != before


def sampled(measurement: Measurement, flag: Flag) -> None:
    """Halve the sample of people who are seen, and forget those who do not belong to it any more."""
    measurement.sample_bits += 1
    Sighting.objects.of(flag).outside_sample(measurement.sample_bits).delete()


def store(measured: Iterable[Measurement]) -> None:
    """Write what is news, late in a look: it raises the control version, whose row every move has to wait for."""
    for measurement in measured:
        measurement.save()


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


def _begun(subject: Subject, kept: Measurement | None, share: float, moment: Moment) -> Measurement:
    """Return the measurement of a new attempt, in the row of the one before."""
    begun = kept or Measurement(flag=subject.flag)
    begun.attempt = subject.flag.attempt
    begun.operations = list(subject.operations)
    begun.share, begun.p95_ms, begun.release = share, subject.step.p95_ms, moment.release
    begun.slow_ms, begun.slow_since, begun.sample_bits = {}, None, 0
    start = subject.began_at.isoformat()
    begun.changes = [{"at": start, "kind": "start", "value": share, "limit": _limit(subject.step)}]
    return begun


def _note_step(kept: Measurement, step: PlanStep, share: float, now: datetime) -> None:
    """Note that another share decides, or that the step allows another share of failing or slow people."""
    limit = _limit(step)
    allowed = next(change["limit"] for change in reversed(kept.changes) if "limit" in change)
    if share != kept.share:
        kept.changes.append({"at": now.isoformat(), "kind": "share", "value": share, "limit": limit})
    elif (limit, step.p95_ms) != (allowed, kept.p95_ms):
        kept.changes.append({"at": now.isoformat(), "kind": "step", "value": step.p95_ms, "limit": limit})
    kept.share, kept.p95_ms = share, step.p95_ms


def _note_release(kept: Measurement, moment: Moment) -> None:
    """Note that another release serves; the first that is heard of is no change."""
    if moment.release and kept.release and moment.release != kept.release:
        kept.changes.append({"at": moment.now.isoformat(), "kind": "release", "value": moment.release})
    kept.release = moment.release or kept.release


def _freeze_limits(kept: Measurement, subject: Subject, moment: Moment) -> None:
    """Take v3's p99 of each operation, once in a step, as soon as v3 has had enough calls to tell."""
    is_new = kept.slow_since is None or kept.slow_since < subject.flag.entered_at
    missing = [name for name in subject.operations if is_new or name not in kept.slow_ms]
    if not missing or not (is_new or moment.asks_again):
        return
    limits = {**kept.slow_ms, **_slow_ms(subject, missing, moment)}
    if limits != kept.slow_ms:
        kept.changes.append({"at": moment.now.isoformat(), "kind": "limit", "value": limits})
    kept.slow_ms, kept.slow_since = limits, moment.now if is_new else kept.slow_since


def _slow_ms(subject: Subject, operations: list[str], moment: Moment) -> dict[str, float]:
    habits = windows.habits(subject.features, spans(moment.now - HABITS, moment.now + HABITS, moment.known))
    floor_ms = float(settings.ROLLOUT["SLOW_FLOOR_MS"])
    return {
        name: max(round(quantile_ms(habits[name], 0.99), 1), floor_ms)
        for name in operations
        if sum(habits.get(name, {}).values()) >= CALLS_FOR_A_LIMIT
    }


def _limit(step: PlanStep) -> float:
    return float(step.max_error_percent) / 100


def _state(kept: Measurement) -> tuple[Any, ...]:
    fields = (field for field in kept._meta.concrete_fields if not field.primary_key)
    return tuple(list(value) if isinstance(value := getattr(kept, field.attname), list) else value for field in fields)
