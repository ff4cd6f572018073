"""When a place is closed for Shabbat and Yom Tov."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from restaurants.hours.closures import Custom, candle_lighting, candle_lighting_min, closures, nightfall
from restaurants.hours.sun import Sky, evening

EASTERN = ZoneInfo("America/New_York")
NEW_YORK = Custom(Sky.over("America/New_York", 40.71, -74.01))
JERUSALEM = Custom(Sky.over("Asia/Jerusalem", 31.78, 35.22), 40, in_israel=True)


def local(custom: Custom, moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(custom.sky.zone)).isoformat(" ", "minutes")[:16]


@pytest.mark.parametrize(
    ("city", "overrides", "minutes"),
    [
        ("Miami", (), 18),
        (None, (), 18),
        ("Jerusalem", (), 40),
        ("ירושלים", (None,), 40),
        ("JERUSALEM ", (30,), 30),
        ("Miami", (None, 15), 18),
        ("Miami", (15,), 15),
        ("Miami", (20, 22), 22),
    ],
)
def test_candles_are_lit_as_the_city_and_the_strictest_agency_say(
    city: str | None, overrides: tuple[int | None, ...], minutes: int
) -> None:
    assert candle_lighting_min(city, overrides) == minutes


def test_a_plain_shabbat_lasts_from_candle_lighting_to_nightfall_on_whole_minutes() -> None:
    [closure] = closures(NEW_YORK, datetime(2026, 6, 6, 16, tzinfo=UTC), datetime(2026, 6, 6, 17, tzinfo=UTC))

    friday, saturday = evening(NEW_YORK.sky, date(2026, 6, 5)), evening(NEW_YORK.sky, date(2026, 6, 6))
    assert timedelta(0) <= friday.sunset - timedelta(minutes=18) - closure.starts_at < timedelta(minutes=1)
    assert timedelta(0) <= closure.ends_at - saturday.nightfall < timedelta(minutes=1)
    assert closure.holds_shabbat
    assert (local(NEW_YORK, closure.starts_at), local(NEW_YORK, closure.ends_at)) == (
        "2026-06-05 20:05",
        "2026-06-06 21:15",
    )


@pytest.mark.parametrize(
    ("zone", "spot", "minutes", "eve", "published"),
    [
        ("America/New_York", (40.71, -74.01), 18, date(2024, 6, 21), time(20, 13)),
        ("America/New_York", (40.71, -74.01), 18, date(2024, 12, 20), time(16, 13)),
        ("America/New_York", (25.76, -80.19), 18, date(2024, 12, 20), time(17, 16)),
        ("America/Los_Angeles", (34.05, -118.24), 18, date(2024, 6, 21), time(19, 50)),
        ("Europe/London", (51.51, -0.13), 18, date(2024, 6, 21), time(21, 3)),
        ("Europe/London", (51.51, -0.13), 18, date(2024, 12, 20), time(15, 35)),
        ("Asia/Jerusalem", (31.78, 35.22), 40, date(2024, 6, 21), time(19, 7)),
    ],
)
def test_candles_are_lit_when_calendars_say(
    zone: str, spot: tuple[float, float], minutes: int, eve: date, published: time
) -> None:
    lit = candle_lighting(Custom(Sky.over(zone, *spot), minutes), eve)

    assert abs(lit - datetime.combine(eve, published, tzinfo=ZoneInfo(zone))) <= timedelta(minutes=2)


def test_candles_are_lit_forty_minutes_before_sunset_in_jerusalem() -> None:
    assert local(JERUSALEM, candle_lighting(JERUSALEM, date(2024, 6, 21))) in {
        f"2024-06-21 19:0{minute}" for minute in (5, 6, 7, 8, 9)
    }


def test_yom_tov_beside_shabbat_is_one_closure_and_each_day_has_its_name() -> None:
    since = datetime(2024, 10, 16, tzinfo=UTC)

    [closure] = closures(NEW_YORK, since, since + timedelta(days=4))

    assert [reason for _, _, reason in closure.days] == ["yom_tov", "yom_tov", "shabbat"]
    assert closure.starts_at == candle_lighting(NEW_YORK, date(2024, 10, 16))
    assert closure.ends_at == nightfall(NEW_YORK, date(2024, 10, 19))


def test_israel_opens_a_day_earlier() -> None:
    since = datetime(2024, 10, 16, tzinfo=UTC)

    found = closures(JERUSALEM, since, since + timedelta(days=4))

    assert [[reason for _, _, reason in closure.days] for closure in found] == [["yom_tov"], ["shabbat"]]
    assert not found[0].holds_shabbat


def test_only_closures_that_reach_into_the_time_are_returned() -> None:
    [closure] = closures(NEW_YORK, datetime(2026, 6, 5, tzinfo=UTC), datetime(2026, 6, 8, tzinfo=UTC))

    assert closures(NEW_YORK, closure.ends_at, closure.ends_at + timedelta(days=1)) == ()
    assert closures(NEW_YORK, closure.starts_at - timedelta(hours=1), closure.starts_at) == ()
    assert closures(NEW_YORK, closure.ends_at - timedelta(minutes=1), closure.ends_at) == (closure,)
