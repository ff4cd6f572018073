"""A second opinion on whether a place is open, slow and plain: every minute by itself, from other sources.

The sun comes from its elevation, not from the time of its transit; the holidays from pyluach's names, not from our
table; the hours from a list of spans, not from a text.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import elevation
from pyluach.dates import HebrewDate

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEK_MIN = 7 * 24 * 60
Spans = Sequence[tuple[int, int]]
"""Minute of the week of opening (Monday 00:00 is 0), and minutes of being open."""


def is_open_by_clock(spans: Spans, zone: ZoneInfo, moment: datetime) -> bool:
    """Whether the wall clock shows a minute in which the place is open."""
    wall = moment.astimezone(zone)
    minute = wall.weekday() * 1440 + wall.hour * 60 + wall.minute
    return any((minute - opens) % WEEK_MIN < length for opens, length in spans)


def holiness(
    spot: tuple[float, float], zone: ZoneInfo, moment: datetime, *, in_israel: bool, lighting: int
) -> str | None:
    """Return `shabbat` or `yom_tov` where the moment is one."""
    local = moment.astimezone(zone).date()
    found = {
        kind_of(day, in_israel)
        for day in (local, local + DAY)
        if lit(spot, zone, day - DAY, lighting) <= moment < dark(spot, zone, day)
    }
    return "shabbat" if "shabbat" in found else "yom_tov" if "yom_tov" in found else None


def kind_of(day: date, in_israel: bool) -> str | None:
    """Return what the day is by pyluach's names of festivals."""
    if day.weekday() == 5:
        return "shabbat"
    festival = HebrewDate.from_pydate(day).festival(israel=in_israel, include_working_days=False)
    return "yom_tov" if festival else None


@cache
def lit(spot: tuple[float, float], zone: ZoneInfo, eve: date, lighting: int) -> datetime:
    """Return the minute of candle lighting."""
    moment = falls_to(spot, zone, eve, -0.833) - timedelta(minutes=lighting)
    return moment.replace(second=0, microsecond=0)


@cache
def dark(spot: tuple[float, float], zone: ZoneInfo, day: date) -> datetime:
    """Return the minute of nightfall."""
    return (falls_to(spot, zone, day, -8.5) + timedelta(seconds=59, microseconds=999999)).replace(
        second=0, microsecond=0
    )


def falls_to(spot: tuple[float, float], zone: ZoneInfo, day: date, degrees: float) -> datetime:
    """Return when the sun comes down to `degrees`, between that day's noon and midnight; there must be such a time."""
    observer = Observer(*spot, 0.0)
    above = datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)
    below = above + timedelta(hours=13)
    while below - above > timedelta(seconds=1):
        middle = above + (below - above) / 2
        if elevation(observer, middle, with_refraction=False) > degrees:
            above = middle
        else:
            below = middle
    return below
