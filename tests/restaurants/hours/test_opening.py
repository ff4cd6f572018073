"""Whether a place is open: against a slow second opinion, and where the two laws, hours and Shabbat, meet."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restaurants.hours.opening import (
    Opening,
    next_open_at,
    open_intervals,
    opening_at,
    stretches,
)
from restaurants.hours.schedule import Schedule
from restaurants.hours.week import Span, Week
from tests.restaurants.hours import oracle

EASTERN = ZoneInfo("America/New_York")
HOURS = "Mo-Th,Su 11:00-22:00; Fr 11:00-15:00; Sa 21:30-24:00"
NEW_YORK = Schedule(
    opening_hours=HOURS, timezone="America/New_York", latitude=40.71, longitude=-74.01, keeps_shabbat=True
)
MINUTE = timedelta(minutes=1)

SIX = {
    "America/New_York": ((40.71, -74.01), False, 18),
    "America/Los_Angeles": ((34.05, -118.24), False, 18),
    "Europe/London": ((51.51, -0.13), False, 18),
    "Asia/Jerusalem": ((31.78, 35.22), True, 40),
    "Australia/Melbourne": ((-37.81, 144.96), False, 18),
    "America/St_Johns": ((47.56, -52.71), False, 20),
}
CHANGES = {
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/Los_Angeles": (date(2026, 3, 8), date(2026, 11, 1)),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "Asia/Jerusalem": (date(2026, 3, 27), date(2026, 10, 25)),
    "Australia/Melbourne": (date(2026, 4, 5), date(2026, 10, 4)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
}
"""The days on which each zone changes its clocks."""
HOLIDAYS = (date(2026, 4, 2), date(2026, 9, 12), date(2026, 9, 26), date(2024, 10, 17), date(2025, 4, 12))

spans = st.lists(
    st.builds(Span, st.integers(0, 7 * 96 - 1).map(lambda q: q * 15), st.integers(1, 80).map(lambda q: q * 15)),
    min_size=1,
    max_size=12,
)


def eastern(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=EASTERN)  # type: ignore[arg-type,misc]


def place_in(zone: str, week: Week, *, keeps_shabbat: bool = True) -> Schedule:
    (latitude, longitude), in_israel, lighting = SIX[zone]
    return Schedule(
        opening_hours=week.opening_hours(),
        timezone=zone,
        latitude=latitude,
        longitude=longitude,
        in_israel=in_israel,
        candle_lighting_min=lighting,
        keeps_shabbat=keeps_shabbat,
    )


def brute_force(zone: str, week: Week, moment: datetime, *, keeps_shabbat: bool) -> tuple[str, str]:
    spot, in_israel, lighting = SIX[zone]
    clock = ZoneInfo(zone)
    if keeps_shabbat and (kind := oracle.holiness(spot, clock, moment, in_israel=in_israel, lighting=lighting)):
        return "closed", kind
    pairs = [(span.opens, span.length_min) for span in week.spans]
    return ("open" if oracle.is_open_by_clock(pairs, clock, moment) else "closed"), "hours"


@pytest.mark.parametrize("zone", SIX)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_minute_of_a_week_is_as_brute_force_has_it(zone: str, data: st.DataObject) -> None:
    week = Week(tuple(data.draw(spans)))
    special = st.sampled_from([*CHANGES[zone], *HOLIDAYS]).map(lambda day: day - timedelta(days=3))
    first = data.draw(st.one_of(special, st.dates(date(2024, 1, 1), date(2030, 1, 1))))
    keeps_shabbat = data.draw(st.booleans())
    schedule = place_in(zone, week, keeps_shabbat=keeps_shabbat)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)

    found = stretches(schedule, since, since + timedelta(days=7))

    wrong = []
    for stretch in found:
        moment = stretch.starts_at
        while moment < stretch.ends_at:
            expected = brute_force(zone, week, moment, keeps_shabbat=keeps_shabbat)
            if (stretch.status, stretch.reason) != expected:
                wrong.append((moment, stretch, expected))
            moment += MINUTE
    # Two ways to compute the sun may part by a second, and so by a minute at either end of a closure.
    assert len(wrong) <= 2 * 5, wrong[:5]
    assert all(min(moment - one.starts_at, one.ends_at - moment) <= MINUTE for moment, one, _ in wrong), wrong[:5]
    assert found[0].starts_at == since
    assert found[-1].ends_at == since + timedelta(days=7)
    assert all(before.ends_at == after.starts_at for before, after in pairwise(found))


@given(week=spans, zone=st.sampled_from(sorted(SIX)), minute=st.integers(0, 600_000), keeps=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_moment_says_what_its_stretch_says_and_when_that_ends(
    week: list[Span], zone: str, minute: int, keeps: bool
) -> None:
    schedule = place_in(zone, Week(tuple(week)), keeps_shabbat=keeps)
    moment = datetime(2026, 1, 1, tzinfo=UTC) + minute * MINUTE

    said = opening_at(schedule, moment)

    found = stretches(schedule, moment, moment + timedelta(days=30))
    assert (said.status, said.reason) == (found[0].status, found[0].reason)
    changes = [one.starts_at for one in found if one.status != said.status]
    assert said.next_change_at == (changes[0] if changes else None)
    opens = [one.starts_at for one in found if one.status == "open"]
    assert next_open_at(schedule, moment) == (opens[0] if opens else None)
    assert all(at.second == at.microsecond == 0 for at in changes)


@pytest.mark.parametrize(
    ("at", "status", "reason", "changes_at"),
    [
        # June: candles at 20:05, nightfall at 21:15, before the place opens
        (eastern(2026, 6, 5, 14, 59), "open", "hours", eastern(2026, 6, 5, 15)),
        (eastern(2026, 6, 5, 15, 0), "closed", "hours", eastern(2026, 6, 6, 21, 30)),
        (eastern(2026, 6, 5, 20, 4), "closed", "hours", eastern(2026, 6, 6, 21, 30)),
        (eastern(2026, 6, 5, 20, 5), "closed", "shabbat", eastern(2026, 6, 6, 21, 30)),
        (eastern(2026, 6, 6, 21, 15), "closed", "hours", eastern(2026, 6, 6, 21, 30)),
        (eastern(2026, 6, 6, 21, 30), "open", "hours", eastern(2026, 6, 7)),
        # December: candles at 16:10
        (eastern(2026, 12, 4, 14, 59), "open", "hours", eastern(2026, 12, 4, 15)),
        (eastern(2026, 12, 4, 16, 0), "closed", "hours", eastern(2026, 12, 5, 21, 30)),
        (eastern(2026, 12, 5, 12, 0), "closed", "shabbat", eastern(2026, 12, 5, 21, 30)),
        (eastern(2026, 12, 5, 20, 0), "closed", "hours", eastern(2026, 12, 5, 21, 30)),
        (eastern(2026, 12, 5, 21, 30), "open", "hours", eastern(2026, 12, 6)),
    ],
)
def test_friday_till_three_and_saturday_from_half_past_nine_in_june_and_in_december(
    at: datetime, status: str, reason: str, changes_at: datetime
) -> None:
    said = opening_at(NEW_YORK, at)

    assert said == Opening(status, reason, changes_at)  # type: ignore[arg-type]


def test_listed_hours_on_shabbat_count_only_for_places_that_do_not_keep_it() -> None:
    listed = replace(NEW_YORK, opening_hours="Mo-Su 10:00-22:00")
    noon = datetime(2026, 6, 6, 12, tzinfo=EASTERN)

    assert opening_at(listed, noon) == Opening("closed", "shabbat", datetime(2026, 6, 6, 21, 15, tzinfo=EASTERN))
    assert opening_at(replace(listed, keeps_shabbat=False), noon).status == "open"


def test_yom_tov_is_named_and_the_change_after_three_days_is_found() -> None:
    listed = replace(NEW_YORK, opening_hours="24/7")
    thursday, saturday = datetime(2024, 10, 17, 12, tzinfo=EASTERN), datetime(2024, 10, 19, 12, tzinfo=EASTERN)

    first, last = opening_at(listed, thursday), opening_at(listed, saturday)

    assert (first.reason, last.reason) == ("yom_tov", "shabbat")
    assert first.next_change_at == last.next_change_at
    assert first.next_change_at is not None
    assert first.next_change_at.astimezone(EASTERN).date() == date(2024, 10, 19)


@pytest.mark.parametrize("month", [6, 12])
def test_offsets_to_shabbat_are_exact(month: int) -> None:
    week = Week(
        spans=(Span(11 * 60, 600),),
        opens_after_shabbat_min=30,
        after_shabbat_until=25 * 60,
        closes_before_shabbat_min=90,
        before_shabbat_from=9 * 60,
    )
    place = replace(place_in("America/New_York", week), opens_after_shabbat_min=30, closes_before_shabbat_min=90)
    friday = datetime(2026, month, 4 if month == 12 else 5, tzinfo=EASTERN)
    spot = ((40.71, -74.01), EASTERN)

    found = open_intervals(place, friday, friday + timedelta(days=3))

    lit, dark = oracle.lit(*spot, friday.date(), 18), oracle.dark(*spot, friday.date() + timedelta(days=1))
    ends_on_sunday = (friday + timedelta(days=2)).replace(hour=1)
    assert [(opens.astimezone(EASTERN), closes.astimezone(EASTERN)) for opens, closes in found] == [
        (friday.replace(hour=9), lit - timedelta(minutes=90)),
        (dark + timedelta(minutes=30), ends_on_sunday),
    ]


def test_offsets_hold_for_an_exempt_place_too() -> None:
    week = Week(opens_after_shabbat_min=45, after_shabbat_until=24 * 60)
    place = replace(place_in("America/New_York", week, keeps_shabbat=False), opens_after_shabbat_min=45)
    friday = datetime(2026, 6, 5, tzinfo=EASTERN)

    [(opens, _)] = open_intervals(place, friday, friday + timedelta(days=3))

    assert opens == oracle.dark((40.71, -74.01), EASTERN, date(2026, 6, 6)) + timedelta(minutes=45)


def test_without_hours_a_place_is_unknown_and_closed_on_shabbat() -> None:
    nameless = replace(NEW_YORK, opening_hours=None, opens_after_shabbat_min=30)

    friday = opening_at(nameless, datetime(2026, 6, 5, 12, tzinfo=EASTERN))
    saturday = opening_at(nameless, datetime(2026, 6, 6, 12, tzinfo=EASTERN))

    assert friday == Opening("unknown", "no_hours", datetime(2026, 6, 5, 20, 5, tzinfo=EASTERN))
    assert saturday == Opening("closed", "shabbat", datetime(2026, 6, 6, 21, 15, tzinfo=EASTERN))
    assert next_open_at(nameless, datetime(2026, 6, 6, 12, tzinfo=EASTERN)) is None


@pytest.mark.parametrize("zone", [None, "Mars/Olympus"])
def test_without_a_zone_nobody_knows_not_even_on_shabbat(zone: str | None) -> None:
    lost = replace(NEW_YORK, timezone=zone)

    assert opening_at(lost, datetime(2026, 6, 6, 12, tzinfo=EASTERN)) == Opening("unknown", "no_hours", None)


def test_a_day_that_the_text_leaves_unknown_is_unknown() -> None:
    place = replace(NEW_YORK, opening_hours="Tu unknown; Mo 10:00-12:00")

    assert opening_at(place, datetime(2026, 6, 2, 12, tzinfo=EASTERN)).reason == "no_hours"
    assert opening_at(place, datetime(2026, 6, 2, 12, tzinfo=EASTERN)).status == "unknown"
    assert opening_at(place, datetime(2026, 6, 3, 12, tzinfo=EASTERN)).status == "closed"


@pytest.mark.parametrize(
    ("text", "keeps", "status"), [("24/7", False, "open"), ("off", True, "closed"), ("off", False, "closed")]
)
def test_what_never_changes_says_so(text: str, keeps: bool, status: str) -> None:
    place = replace(NEW_YORK, opening_hours=text, keeps_shabbat=keeps)

    said = opening_at(place, datetime(2026, 6, 3, 12, tzinfo=EASTERN))

    assert (said.status, said.next_change_at) == (status, None)


def test_a_season_is_found_months_ahead() -> None:
    place = replace(NEW_YORK, opening_hours="Jul-Aug Mo-Th 10:00-20:00")

    said = opening_at(place, datetime(2026, 9, 3, 12, tzinfo=EASTERN))

    assert said.next_change_at == datetime(2027, 7, 1, 10, tzinfo=EASTERN)


def test_around_the_clock_pauses_for_shabbat() -> None:
    place = replace(NEW_YORK, opening_hours="24/7")

    assert opening_at(place, datetime(2026, 6, 3, 12, tzinfo=EASTERN)) == Opening(
        "open", "hours", datetime(2026, 6, 5, 20, 5, tzinfo=EASTERN)
    )


@pytest.mark.parametrize(
    ("text", "first", "expected"),
    [
        # 2026-11-01: the hour from 01:00 is lived twice
        ("Su 01:00-01:30", (2026, 11, 1), ["01:00-04:00 01:30-04:00", "01:00-05:00 01:30-05:00"]),
        ("Sa 22:00-01:30", (2026, 11, 1), ["00:00-04:00 01:30-04:00", "01:00-05:00 01:30-05:00"]),
        ("Su 00:30-03:00", (2026, 11, 1), ["00:30-04:00 03:00-05:00"]),
        # 2026-03-08: the hour from 02:00 never comes
        ("Su 02:15-02:45", (2026, 3, 8), []),
        ("Su 01:15-02:45", (2026, 3, 8), ["01:15-05:00 03:00-04:00"]),
        ("Su 02:15-05:45", (2026, 3, 8), ["03:00-04:00 05:45-04:00"]),
    ],
)
def test_the_wall_clock_decides_where_clocks_change(
    text: str, first: tuple[int, int, int], expected: list[str]
) -> None:
    place = replace(NEW_YORK, opening_hours=text, keeps_shabbat=False)
    midnight = datetime(*first, tzinfo=EASTERN)

    found = open_intervals(place, midnight, midnight + timedelta(hours=12))

    shown = [" ".join(at.astimezone(EASTERN).isoformat()[11:16] + at.astimezone(EASTERN).isoformat()[19:] for at in pair) for pair in found]  # fmt: skip  # noqa: E501
    assert shown == expected


def test_in_the_far_north_nothing_is_open_from_noon_on_friday_to_the_midnight_after_shabbat() -> None:
    tromso = Schedule(opening_hours="24/7", timezone="Europe/Oslo", latitude=69.65, longitude=18.96, keeps_shabbat=True)
    oslo = ZoneInfo("Europe/Oslo")
    friday = datetime(2026, 6, 19, tzinfo=oslo)

    [(_, closes), (opens, _)] = open_intervals(tromso, friday, friday + timedelta(days=3))

    assert closes.astimezone(oslo) == datetime(2026, 6, 19, 12, 27, tzinfo=oslo)
    assert opens.astimezone(oslo) == datetime(2026, 6, 21, 0, 46, tzinfo=oslo)


def test_without_coordinates_shabbat_is_longer_never_shorter() -> None:
    known = replace(NEW_YORK, opening_hours="24/7")
    unknown = replace(known, latitude=None, longitude=None)
    since = datetime(2026, 6, 1, tzinfo=UTC)

    for (opens, closes), (opens_known, closes_known) in zip(
        open_intervals(unknown, since, since + timedelta(days=90)),
        open_intervals(known, since, since + timedelta(days=90)),
        strict=True,
    ):
        assert opens >= opens_known
        assert closes <= closes_known
