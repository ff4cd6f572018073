"""What the workers reported of people, taken in once: checked, given its epoch, stored, and told to the attempts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection

from rollout.attempts import Attempt, Seen
from rollout.calls import OVER_P95
from rollout.eligibility import Arm
from rollout.evidence import FirstFailure, Metric
from rollout.guard.subjects import Subject
from rollout.models import Failure, Measurement, Sighting
from rollout.people import People
from rollout.processes import Schedule, epoch_at
from rollout.slots import Cohort, threshold

MOST_AT_ONCE = 5000
"""Reports of a kind that one look takes in; more have piled up only where no guard looked for long."""

_TAKE = """
DELETE FROM {table} WHERE id <= (SELECT max(id) FROM (SELECT id FROM {table} ORDER BY id LIMIT %s) oldest)
RETURNING at, feature, attempt, identity, arm, share{more}
"""
_FAILED = ", operation, metric, fingerprint, place, request_id"


@dataclass(slots=True)
class Desk:
    """One subject with everything that its judgement needs."""

    subject: Subject
    measurement: Measurement
    is_measured_anew: bool
    """Whether the measurement is news, to be stored at the end of the look."""
    schedule: Schedule
    limits: list[tuple[int, float]]
    attempt: Attempt
    cohorts: Mapping[str, Cohort]
    """Of each feature by whose calls it is judged."""

    @property
    def name(self) -> str:
        """The feature's name."""
        return self.subject.flag.name

    def wants(self, report: "Report") -> bool:
        """Say whether a report is about this subject's present attempt, and the present one of who reports."""
        part = next((one for one in self.subject.parts if one.feature == report.feature), None)
        if part is None or part.attempt != report.attempt:
            return False
        return part.feature == self.name or report.at >= max(part.began_at, self.subject.began_at)


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker told of one person; `metric` is empty where they were only seen."""

    at: datetime
    feature: str
    attempt: int
    identity: str
    arm: Arm
    share: float
    operation: str = ""
    metric: str = ""
    fingerprint: str = ""
    place: str = ""
    request_id: str = ""


def reports(most: int = MOST_AT_ONCE) -> list[Report]:
    """Take the oldest of what the workers have reported out of the tables, in the order in which it happened.

    At most `most` of a kind; the next look takes the rest.
    """
    rows = _take("rollout_sightingreport", "", most) + _take("rollout_failurereport", _FAILED, most)
    found = [Report(at, name, number, who, Arm(arm), *more) for at, name, number, who, arm, *more in rows]
    return sorted(found, key=lambda report: report.at)


def take_in(found: Iterable[Report], desks: Sequence[Desk], people: People) -> None:
    """Tell every desk what is about its attempt, and store what is news: so that it can be rebuilt."""
    failures: list[Failure] = []
    sightings: list[Sighting] = []
    for report in found:
        person = people.person(report.identity)
        for desk in desks:
            if desk.wants(report):
                _tell(report, desk, person, failures, sightings)
    Failure.objects.bulk_create(failures, ignore_conflicts=True, batch_size=1000)
    Sighting.objects.bulk_create(sightings, ignore_conflicts=True, batch_size=1000)


def rebuilt(attempt: Attempt, subject: Subject, people: People) -> Attempt:
    """Tell a fresh attempt all that was stored of it, in the order in which it was taken in."""
    _acquit(subject)
    seen = Sighting.objects.of(subject.flag).order_by("id")
    fields = ("person", "arm", "share", "at", "epoch", "misplaced")
    for person, arm, *rest in seen.values_list(*fields).iterator(chunk_size=5000):
        attempt.meet(Seen(person, Arm(arm), *rest))
    failures = Failure.objects.of(subject.flag).filter(operation__in=subject.operations).order_by("id")
    for failure in failures.iterator(chunk_size=5000):
        _blame(_value(failure), attempt, people.person(failure.identity), failure.metric)
    return attempt


def _acquit(subject: Subject) -> None:
    """Delete what a subject was blamed for by others' attempts that are over.

    They keep their own rows. Left here, a row would also be in the way of the same person's failure in the new attempt.
    """
    for part in subject.parts:
        if part.feature != subject.flag.name:
            over = Failure.objects.of(subject.flag).filter(operation__in=part.operations, at__lt=part.began_at)
            over.delete()


def _tell(report: Report, desk: Desk, person: int, failures: list[Failure], sightings: list[Sighting]) -> None:
    epoch = epoch_at(desk.schedule, report.at)
    if report.metric:
        if _blame(_first(report, epoch), desk.attempt, person, report.metric):
            failures.append(_failure(report, desk, epoch))
        return
    misplaced = "" if _is_placed(report, desk.cohorts[report.feature]) else report.identity
    if desk.attempt.meet(Seen(person, report.arm, report.share, report.at, epoch, misplaced)):
        sightings.append(_sighting(report, desk, epoch, person, misplaced))


def _blame(failure: FirstFailure, attempt: Attempt, person: int, metric: str) -> bool:
    if metric == OVER_P95:
        return attempt.exceed_p95(failure, person)
    return attempt.blame(failure, person)


def _is_placed(report: Report, cohort: Cohort) -> bool:
    """Recompute whether the recorded arm is that of the slot, at the share that decided."""
    is_in = cohort.slot(report.identity) < _edge(report.share)
    return is_in == (report.arm is Arm.CANDIDATE)


@lru_cache(maxsize=1024)
def _edge(share: float) -> int:
    """Return the first slot that is out at a share (0 to 1), which was a percentage to the hundredth."""
    return threshold(round(Decimal(share) * 100, 2))


def _first(report: Report, epoch: int) -> FirstFailure:
    metric = Metric.SLOW if report.metric == OVER_P95 else Metric(report.metric)
    return FirstFailure(report.identity, report.arm, report.share, report.at, metric, report.operation, epoch)


def _value(row: Failure) -> FirstFailure:
    metric = Metric.SLOW if row.metric == OVER_P95 else Metric(row.metric)
    return FirstFailure(row.identity, Arm(row.arm), row.share, row.at, metric, row.operation, row.epoch)


def _failure(report: Report, desk: Desk, epoch: int) -> Failure:
    return Failure(
        **_common(report, desk, epoch),
        metric=report.metric,
        operation=report.operation,
        identity=report.identity,
        fingerprint=report.fingerprint,
        place=report.place,
        request_id=report.request_id,
    )


def _sighting(report: Report, desk: Desk, epoch: int, person: int, misplaced: str) -> Sighting:
    return Sighting(**_common(report, desk, epoch), person=person, misplaced=misplaced)


def _common(report: Report, desk: Desk, epoch: int) -> Mapping[str, Any]:
    flag = desk.subject.flag
    return {
        "feature": flag.name,
        "attempt": flag.attempt,
        "epoch": epoch,
        "arm": report.arm.value,
        "share": report.share,
        "at": report.at,
    }


def _take(table: str, more: str, most: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(table=table, more=more), [most])
        return list(cursor.fetchall())
