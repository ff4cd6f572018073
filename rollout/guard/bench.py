"""The attempts under way, kept in memory from one look to the next; forgotten whenever somebody else has looked."""

from datetime import datetime

from django.conf import settings
from django.db import connection

from rollout import statements
from rollout.attempts import Attempt
from rollout.forces import Forces
from rollout.guard import measurements
from rollout.guard.inbox import Desk, rebuilt
from rollout.guard.measurements import MOST_SIGHTINGS, Subject
from rollout.models import Flag, Measurement
from rollout.people import People
from rollout.proof import ratio_of
from rollout.slots import Cohort
from rollout.snapshot import Snapshot
from rollout.spans import Marks
from rollout.stages import Stage

Mark = tuple[int, tuple[str, ...]]
"""The attempt, and whose operations it is about: when either is another, the memory is of something else."""


class Bench:
    """Attempts by feature. What is in memory is what the tables hold, so losing it costs a moment and no fact."""

    def __init__(self) -> None:
        self.people = People(settings.ROLLOUT["SECRET"])
        self._kept: dict[str, tuple[Mark, Attempt]] = {}

    def forget(self) -> None:
        """Forget everything: it will be rebuilt from the tables."""
        self._kept.clear()

    def desks(self, flags: dict[str, Flag], now: datetime, known: Marks) -> list[Desk]:
        """Return everything that is to be judged, with its measurement brought up to date."""
        view = _view()
        subjects = measurements.subjects(flags)
        self._kept = {one.flag.name: self._kept[one.flag.name] for one in subjects if one.flag.name in self._kept}
        return [self._desk(subject, view.effective_share(subject.flag.name), now, known) for subject in subjects]

    def _desk(self, subject: Subject, share: float, now: datetime, known: Marks) -> Desk:
        flag = subject.flag
        measurement = measurements.brought_up_to_date(subject, share, now, known)
        attempt = self._attempt(subject, measurement)
        if attempt.rows > MOST_SIGHTINGS:
            measurements.sampled(measurement, flag)
            del self._kept[flag.name]
            attempt = self._attempt(subject, measurement)
        started_at = flag.started_at or flag.entered_at
        return Desk(
            subject=subject,
            measurement=measurement,
            schedule=measurements.schedule_of(measurement, started_at, now),
            limits=measurements.limits_of(measurement, started_at),
            attempt=attempt,
            cohort=Cohort(settings.ROLLOUT["SECRET"], flag.cohort),
        )

    def _attempt(self, subject: Subject, measurement: Measurement) -> Attempt:
        flag, mark = subject.flag, (subject.flag.attempt, subject.features)
        kept = self._kept.get(flag.name)
        if kept is None or kept[0] != mark:
            fresh = Attempt(measurement.operations, measurement.sample_bits)
            fresh.begin_step(_step_began(flag), ratio_of(subject.number))
            kept = self._kept[flag.name] = (mark, rebuilt(fresh, subject, self.people))
        elif kept[1].entered_at != _step_began(flag):
            kept[1].begin_step(_step_began(flag), ratio_of(subject.number))
        return kept[1]


def _step_began(flag: Flag) -> datetime | None:
    """Return since when people count for a step; testers count for none."""
    return None if flag.stage == Stage.TESTING else flag.entered_at


def _view() -> Snapshot:
    """Return what the tables say, without the environment's forces: those are somebody's exception."""
    version, flags = statements.load(_ask)
    return Snapshot(flags, version=version, secret=settings.ROLLOUT["SECRET"], forces=Forces())


def _ask(statement: str, values: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)  # type: ignore[arg-type]  # a mapping, by the name of Ask
        return list(cursor.fetchall())
