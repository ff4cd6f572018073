"""The attempts under way, kept in memory from one look to the next; forgotten whenever somebody else has looked."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from rollout import statements
from rollout.attempts import Attempt
from rollout.forces import Forces
from rollout.guard import measurements
from rollout.guard.inbox import Desk, rebuilt
from rollout.guard.judging import Surroundings
from rollout.guard.measurements import MOST_SIGHTINGS, Moment
from rollout.guard.subjects import Part, Subject, subjects
from rollout.models import Flag, Measurement
from rollout.people import People
from rollout.proof import ratio_of
from rollout.slots import Cohort
from rollout.snapshot import Snapshot
from rollout.stages import Stage

Mark = tuple[int, datetime, tuple[Part, ...]]
"""The attempt, the step, and whose calls: when one of them is another, the memory is of something else."""

ASK_AGAIN_EVERY = timedelta(minutes=1)


class Bench:
    """Attempts by feature. What is in memory is what the tables hold, so losing it costs a moment and no fact."""

    def __init__(self, most_sightings: int = MOST_SIGHTINGS) -> None:
        self.people = People(settings.ROLLOUT["SECRET"])
        self._most_sightings = most_sightings
        self._kept: dict[str, tuple[Mark, Attempt]] = {}
        self._asked_at: datetime | None = None

    def forget(self) -> None:
        """Forget everything: it will be rebuilt from the tables."""
        self._kept.clear()

    def desks(self, flags: Mapping[str, Flag], around: Surroundings) -> list[Desk]:
        """Return everything that is to be judged, with its measurement brought up to date."""
        view, found = _view(), subjects(flags)
        self._kept = {one.flag.name: self._kept[one.flag.name] for one in found if one.flag.name in self._kept}
        measured = {kept.flag_id: kept for kept in Measurement.objects.filter(flag__in=[one.flag for one in found])}
        moment = Moment(around.now, around.known, around.release, self._asks_again(around.now))
        return [
            self._desk(
                subject,
                *measurements.brought_up_to_date(
                    subject, measured.get(subject.flag.pk), view.effective_share(subject.flag.name), moment
                ),
                around.now,
            )
            for subject in found
        ]

    def _desk(self, subject: Subject, measurement: Measurement, is_news: bool, now: datetime) -> Desk:
        flag = subject.flag
        attempt = self._attempt(subject, measurement)
        if attempt.rows > self._most_sightings:
            measurements.sampled(measurement, flag)
            is_news = True
            del self._kept[flag.name]
            attempt = self._attempt(subject, measurement)
        return Desk(
            subject=subject,
            measurement=measurement,
            is_measured_anew=is_news,
            schedule=measurements.schedule_of(measurement, subject.began_at, now),
            limits=measurements.limits_of(measurement, subject.began_at),
            attempt=attempt,
            cohorts={part.feature: Cohort(settings.ROLLOUT["SECRET"], part.cohort) for part in subject.parts},
        )

    def _attempt(self, subject: Subject, measurement: Measurement) -> Attempt:
        """Return what is in memory of the subject; read anew where that is of another attempt, step or feature."""
        flag = subject.flag
        mark = (flag.attempt, flag.entered_at, subject.parts)
        kept = self._kept.get(flag.name)
        if kept is None or kept[0] != mark:
            fresh = Attempt(measurement.operations, measurement.sample_bits)
            fresh.begin_step(_step_began(flag), ratio_of(subject.number))
            kept = self._kept[flag.name] = (mark, rebuilt(fresh, subject, self.people))
        return kept[1]

    def _asks_again(self, now: datetime) -> bool:
        if self._asked_at is not None and timedelta(0) <= now - self._asked_at < ASK_AGAIN_EVERY:
            return False
        self._asked_at = now
        return True


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
