"""The coming seven days: nothing of them is lost, and each is told on its own day."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restaurants.hours.agenda import DAYS, coming_days
from restaurants.hours.opening import open_intervals
from restaurants.hours.schedule import Schedule
from restaurants.hours.week import Span, Week

ZONE = ZoneInfo("America/New_York")
spans = st.lists(
    st.builds(Span, st.integers(0, 7 * 48 - 1).map(lambda h: h * 30), st.integers(1, 60).map(lambda h: h * 30)),
    max_size=8,
)


def place(text: str, *, keeps_shabbat: bool = True) -> Schedule:
    return Schedule(
        opening_hours=text,
        timezone="America/New_York",
        latitude=40.71,
        longitude=-74.01,
        keeps_shabbat=keeps_shabbat,
    )


@settings(max_examples=60, deadline=None)
@given(week=spans, hour=st.integers(0, 24 * 400), keeps=st.booleans())
def test_the_days_hold_what_is_open_each_on_the_day_on_which_it_begins(
    week: list[Span], hour: int, keeps: bool
) -> None:
    schedule = place(Week(tuple(week)).opening_hours(), keeps_shabbat=keeps)
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)

    days = coming_days(schedule, at)

    assert [day.day for day in days] == [at.astimezone(ZONE).date() + timedelta(days=number) for number in range(DAYS)]
    pieces = [one for day in days for one in day.intervals]
    assert all(one.opens_at.date() == day.day for day in days for one in day.intervals)
    assert all(before.closes_at <= after.opens_at for before, after in pairwise(pieces))
    for one in pieces:
        assert open_intervals(schedule, one.opens_at, one.closes_at) == (
            (one.opens_at.astimezone(UTC), one.closes_at.astimezone(UTC)),
        )
    last = datetime.combine(days[-1].day + timedelta(days=1), datetime.min.time(), tzinfo=ZONE)
    first = datetime.combine(days[0].day, datetime.min.time(), tzinfo=ZONE)
    told = sum((min(one.closes_at.astimezone(UTC), last) - one.opens_at.astimezone(UTC) for one in pieces), timedelta())
    whole = open_intervals(schedule, first, last)
    opened_before = sum((closes - opens for opens, closes in whole if opens == first), timedelta())
    assert timedelta() <= sum((closes - opens for opens, closes in whole), timedelta()) - told <= opened_before


@pytest.mark.parametrize(
    ("text", "weekday", "status", "reason"),
    [
        ("Mo 10:00-12:00", 0, "open", "hours"),
        ("Mo 10:00-12:00", 1, "closed", "hours"),
        ("Mo 10:00-12:00", 5, "closed", "shabbat"),
        ("Tu unknown; Mo 10:00-12:00", 1, "unknown", "no_hours"),
    ],
)
def test_a_day_says_how_it_stands(text: str, weekday: int, status: str, reason: str) -> None:
    days = coming_days(place(text), datetime(2026, 6, 8, 12, tzinfo=ZONE))

    assert (days[weekday].status, days[weekday].reason) == (status, reason)


def test_a_night_that_began_yesterday_is_yesterdays() -> None:
    [today, *_] = coming_days(place("Su 20:00-03:00"), datetime(2026, 6, 8, 1, tzinfo=ZONE))

    assert today.intervals == ()
