"""A restaurant's hours as v4 shows them: how things stand, and the coming week in the place's own time."""

from datetime import date, datetime
from typing import Any, Literal, TypedDict

from restaurants.hours.agenda import Day, coming_days
from restaurants.hours.opening import opening_at
from restaurants.rules import zone
from restaurants.values import Place

Status = Literal["open", "closed", "unknown"]
Reason = Literal["hours", "shabbat", "yom_tov", "no_hours"]


class NowShape(TypedDict):
    """How things stand: `next_change_at` is when the status becomes another, null: not within a year."""

    status: Status
    reason: Reason
    next_change_at: datetime | None


class IntervalShape(TypedDict):
    """Open from one moment to another, in the place's own time."""

    opens_at: datetime
    closes_at: datetime


class DayShape(TypedDict):
    """A civil day; a night belongs to the day on which it begins. Without intervals, status and reason are noon's."""

    date: date
    weekday: str
    status: Status
    reason: Reason
    intervals: list[IntervalShape]


class RawHoursShape(TypedDict):
    """The hours as the source wrote them, and who that is."""

    text: str | None
    source: str | None


class RestaurantHoursShape(NowShape):
    """Everything that is known of a restaurant's hours; no days where the time zone is not known."""

    timezone: str | None
    days: list[DayShape]
    opening_hours: str | None
    raw: RawHoursShape
    problem: str | None
    opens_after_shabbat_min: int | None
    closes_before_shabbat_min: int | None
    is_shabbat_exempt: bool
    updated_at: datetime | None


def present_now(place: Place, at: datetime) -> NowShape:
    """Return how things stand at the aware moment `at`."""
    said, local = opening_at(place.schedule, at), zone(place.timezone)
    changes_at = said.next_change_at.astimezone(local) if said.next_change_at else None
    return {"status": said.status, "reason": said.reason, "next_change_at": changes_at}


def present_hours(place: Place, at: datetime) -> RestaurantHoursShape:
    """Return the hours as of the aware moment `at`."""
    return {
        **present_now(place, at),
        "timezone": place.timezone,
        "days": [_day(day) for day in coming_days(place.schedule, at)],
        "opening_hours": place.opening_hours,
        "raw": {"text": place.hours_raw, "source": place.hours_source or place.source or None},
        "problem": place.hours_problem,
        "opens_after_shabbat_min": place.opens_after_shabbat_min,
        "closes_before_shabbat_min": place.closes_before_shabbat_min,
        "is_shabbat_exempt": place.is_shabbat_exempt,
        "updated_at": place.hours_updated_at,
    }


def _day(day: Day) -> DayShape:
    intervals: list[Any] = [{"opens_at": one.opens_at, "closes_at": one.closes_at} for one in day.intervals]
    return {
        "date": day.day,
        "weekday": f"{day.day:%A}".lower(),
        "status": day.status,
        "reason": day.reason,
        "intervals": intervals,
    }
