"""A restaurant's hours as v3 shows them: one opening and one closing a day, on a twelve-hour clock."""

from datetime import datetime
from typing import Any, Final, Literal, TypedDict
from zoneinfo import ZoneInfo

from django.utils import timezone

from restaurants.api.v3_shapes import naive
from restaurants.hours.agenda import Day, coming_days
from restaurants.hours.opening import Opening, next_open_at, opening_at
from restaurants.rules import zone
from restaurants.values import Place

NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLOSED_FOR: Final = {"shabbat": "Closed for Shabbat", "yom_tov": "Closed for Yom Tov", "hours": "Closed"}


class TodayShape(TypedDict):
    """Today: the first opening and the last closing; `is_open`: whether it opens at all."""

    day: str
    open: str | None
    close: str | None
    is_open: bool | None


class DayShape(TodayShape):
    """One of the coming seven days, from Monday on."""

    day_abbr: str


class HoursShape(TypedDict):
    """Whether it is open, and the coming seven days; null is not known."""

    status: Literal["open", "closed", "unknown"]
    is_open: bool | None
    message: str
    today_hours: TodayShape | None
    formatted_hours: list[DayShape]
    timezone: str | None
    last_updated: str | None


def present_hours(place: Place, at: datetime | None = None) -> dict[str, Any]:
    """Return the seven keys of a place's hours at the aware moment `at`, now if it is not given."""
    at = at or timezone.now()
    said, days = opening_at(place.schedule, at), coming_days(place.schedule, at)
    today = days[0] if days and days[0].status != "unknown" else None
    return {
        "status": said.status,
        "is_open": None if said.status == "unknown" else said.status == "open",
        "message": _message(place, said, at),
        "today_hours": _today(today) if today else None,
        "formatted_hours": _formatted(days),
        "timezone": place.timezone,
        "last_updated": naive(place.hours_updated_at),
    }


def _message(place: Place, said: Opening, at: datetime) -> str:
    local = zone(place.timezone)
    if said.status == "unknown" or local is None:
        return "Hours not available"
    if said.status == "open":
        return f"Open until {_clock(said.next_change_at.astimezone(local))}" if said.next_change_at else "Open"
    opens = next_open_at(place.schedule, at)
    return CLOSED_FOR[said.reason] + (f", opens {_soon(opens, at, local)}" if opens else "")


def _soon(opens: datetime, at: datetime, local: ZoneInfo) -> str:
    """Return the time, with its day where that is not today, and its date where that day is not this week's."""
    opening, today = opens.astimezone(local), at.astimezone(local).date()
    days = (opening.date() - today).days
    if days == 0:
        return _clock(opening)
    day = NAMES[opening.weekday()] if days < 7 else opening.date().isoformat()
    return f"{day} {_clock(opening)}"


def _formatted(days: tuple[Day, ...]) -> list[dict[str, Any]]:
    """Return seven days from Monday on; a weekday is the next one of its name, Shabbat and Yom Tov heeded."""
    known = {day.day.weekday(): day for day in days}
    return [_named(weekday, known.get(weekday)) for weekday in range(7)]


def _named(weekday: int, day: Day | None) -> dict[str, Any]:
    name = NAMES[weekday]
    return {"day": name, "day_abbr": name[:3], **_times(day)}


def _today(day: Day) -> dict[str, Any]:
    return {"day": NAMES[day.day.weekday()], **_times(day)}


def _times(day: Day | None) -> dict[str, Any]:
    if day is None or not day.intervals:
        return {"open": None, "close": None, "is_open": None if day is None or day.status == "unknown" else False}
    first, last = day.intervals[0], day.intervals[-1]
    return {"open": _clock(first.opens_at), "close": _clock(last.closes_at), "is_open": True}


def _clock(moment: datetime) -> str:
    return moment.strftime("%I:%M %p").lstrip("0")
