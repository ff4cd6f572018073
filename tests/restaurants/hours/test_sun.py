"""Sunset and nightfall: as published, as the sun's elevation has it, and where the sun does neither."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from astral import Observer
from astral.sun import elevation
from hypothesis import given
from hypothesis import strategies as st

from restaurants.hours.sun import Sky, cities, evening

TOLERANCE = timedelta(minutes=2)
NEW_YORK = ("America/New_York", 40.7128, -74.006)
JERUSALEM = ("Asia/Jerusalem", 31.778, 35.235)
LONDON = ("Europe/London", 51.5074, -0.1278)
MIAMI = ("America/New_York", 25.7617, -80.1918)
LOS_ANGELES = ("America/Los_Angeles", 34.0522, -118.2437)
MELBOURNE = ("Australia/Melbourne", -37.8136, 144.9631)
TROMSO = ("Europe/Oslo", 69.6492, 18.9553)
SVALBARD = ("Arctic/Longyearbyen", 78.2232, 15.6267)
APIA = ("Pacific/Apia", -13.8333, -171.7667)


@pytest.mark.parametrize(
    ("where", "day", "sunset"),
    [
        (NEW_YORK, date(2024, 6, 21), time(20, 31)),
        (NEW_YORK, date(2024, 12, 20), time(16, 31)),
        (JERUSALEM, date(2024, 6, 21), time(19, 47)),
        (LONDON, date(2024, 6, 21), time(21, 21)),
        (LONDON, date(2024, 12, 20), time(15, 53)),
        (MIAMI, date(2024, 6, 21), time(20, 15)),
        (MIAMI, date(2024, 12, 20), time(17, 34)),
        (LOS_ANGELES, date(2024, 6, 21), time(20, 8)),
        (MELBOURNE, date(2024, 12, 20), time(20, 41)),
    ],
)
def test_sunset_is_as_published(where: tuple[str, float, float], day: date, sunset: time) -> None:
    seen = evening(Sky.over(*where), day).sunset

    assert abs(seen - datetime.combine(day, sunset, tzinfo=ZoneInfo(where[0]))) <= TOLERANCE


@given(latitude=st.floats(-55, 55), hours=st.integers(-11, 12), day=st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_the_sun_stands_where_it_should(latitude: float, hours: int, day: date) -> None:
    zone = f"Etc/GMT{-hours:+}"
    sky = Sky.over(zone, latitude, hours * 15.0)
    observer = Observer(round(latitude, 2), hours * 15.0, 0.0)

    seen = evening(sky, day)

    assert elevation(observer, seen.sunset, with_refraction=False) == pytest.approx(-0.833, abs=0.05)
    assert elevation(observer, seen.nightfall, with_refraction=False) == pytest.approx(-8.5, abs=0.05)
    noon = datetime.combine(day, time(12), tzinfo=ZoneInfo(zone))
    assert noon < seen.sunset < seen.nightfall < noon + timedelta(hours=13)


@pytest.mark.parametrize("where", [TROMSO, SVALBARD])
@pytest.mark.parametrize("day", [date(2026, 6, 19), date(2026, 12, 18)])
def test_where_the_sun_does_not_set_or_rise_the_evening_lasts_from_noon_to_midnight_at_most(
    where: tuple[str, float, float], day: date
) -> None:
    zone = ZoneInfo(where[0])

    seen = evening(Sky.over(*where), day)

    observer = Observer(where[1], where[2], 0.0)
    least = elevation(observer, seen.sunset - timedelta(hours=1), with_refraction=False)
    assert least < elevation(observer, seen.sunset, with_refraction=False)  # it is noon: the sun stands highest
    assert seen.sunset.astimezone(zone).date() == day
    assert seen.sunset < seen.nightfall <= seen.sunset + timedelta(hours=12)


def test_white_nights_end_at_solar_midnight() -> None:
    seen = evening(Sky.over("Europe/Helsinki", 60.17, 24.94), date(2026, 6, 20))

    observer = Observer(60.17, 24.94, 0.0)
    heights = [
        elevation(observer, seen.nightfall + timedelta(minutes=minutes), with_refraction=False)
        for minutes in (-20, 0, 20)
    ]
    assert min(heights) == heights[1] > -8.5


def test_an_evening_belongs_to_the_civil_day_beyond_the_date_line_too() -> None:
    seen = evening(Sky.over(*APIA), date(2026, 6, 5))

    assert seen.sunset.astimezone(ZoneInfo("Pacific/Apia")).replace(second=0, microsecond=0) == datetime(
        2026, 6, 5, 18, 5, tzinfo=ZoneInfo("Pacific/Apia")
    )


@given(
    st.sampled_from([(zone, spot) for zone, spots in sorted(cities().items()) for spot in spots]),
    st.dates(date(2024, 1, 1), date(2030, 1, 1)),
)
def test_a_zone_alone_is_never_later_into_shabbat_nor_earlier_out_of_it_than_its_cities(
    city: tuple[str, tuple[float, float]], day: date
) -> None:
    zone, spot = city

    seen, at_the_city = evening(Sky.over(zone, None, None), day), evening(Sky.over(zone, *spot), day)

    slack = timedelta(seconds=30)  # coordinates are rounded
    assert seen.sunset <= at_the_city.sunset - timedelta(minutes=30) + slack
    assert seen.nightfall >= at_the_city.nightfall + timedelta(minutes=30) - slack


def test_a_zone_of_which_we_know_no_city_goes_by_the_clock() -> None:
    seen = evening(Sky.over("Asia/Urumqi", None, None), date(2026, 6, 5))

    assert seen.sunset == datetime(2026, 6, 5, 6, tzinfo=UTC)
    assert seen.nightfall == datetime(2026, 6, 5, 21, tzinfo=UTC)
