"""The coming seven days of a place, in the time of its own wall: when it opens and closes, or why not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from restaurants.hours.opening import Reason, open_intervals, opening_at
from restaurants.hours.schedule import Schedule
from restaurants.hours.walltime import Status

DAYS: Final = 7
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """Open from one local moment to another."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """One civil day. `intervals` are those that begin on it; without any, status and reason are those of its noon."""

    day: date
    status: Status
    reason: Reason
    intervals: tuple[Interval, ...]


def coming_days(schedule: Schedule, at: datetime) -> tuple[Day, ...]:
    """Return the day in which the aware moment `at` lies for the place, and the six after it; none without a zone."""
    custom = schedule.custom
    if custom is None:
        return ()
    zone = ZoneInfo(custom.sky.zone)
    today = at.astimezone(zone).date()
    found = [piece for whole in _open(schedule, zone, today) for piece in _by_day(whole, zone)]
    return tuple(_day(schedule, zone, today + number * DAY, found) for number in range(DAYS))


def _open(schedule: Schedule, zone: ZoneInfo, today: date) -> Iterator[Interval]:
    since, until = _midnight(today - DAY, zone), _midnight(today + (DAYS + 1) * DAY, zone)
    for opens, closes in open_intervals(schedule, since, until):
        yield Interval(opens.astimezone(zone), closes.astimezone(zone))


def _by_day(whole: Interval, zone: ZoneInfo) -> Iterator[Interval]:
    """Part what lasts a day or longer at its midnights; a night belongs to the day on which it begins."""
    opens = whole.opens_at
    midnight = _midnight(opens.date() + DAY, zone)
    while whole.closes_at - opens >= DAY and midnight < whole.closes_at:
        yield Interval(opens, midnight)
        opens, midnight = midnight, _midnight(midnight.date() + DAY, zone)
    yield Interval(opens, whole.closes_at)


def _day(schedule: Schedule, zone: ZoneInfo, day: date, found: list[Interval]) -> Day:
    intervals = tuple(one for one in found if one.opens_at.date() == day)
    if intervals:
        return Day(day, "open", "hours", intervals)
    noon = opening_at(schedule, datetime.combine(day, time(12), tzinfo=zone))
    return Day(day, noon.status, noon.reason, ())


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)
