"""What of a place decides whether it is open."""

from dataclasses import dataclass, replace

import pytest

from restaurants.hours.schedule import Schedule, schedule_of


@dataclass(frozen=True)
class Facts:
    """A place in New York."""

    opening_hours: str | None = "Mo 10:00-12:00"
    timezone: str | None = "America/New_York"
    latitude: float | None = 40.71
    longitude: float | None = -74.01
    city: str | None = "New York"
    country: str | None = "US"
    is_shabbat_exempt: bool = False
    opens_after_shabbat_min: int | None = 30
    closes_before_shabbat_min: int | None = None


def test_a_schedule_holds_the_places_facts() -> None:
    assert schedule_of(Facts(), [None]) == Schedule(
        opening_hours="Mo 10:00-12:00",
        timezone="America/New_York",
        latitude=40.71,
        longitude=-74.01,
        keeps_shabbat=True,
        opens_after_shabbat_min=30,
    )


@pytest.mark.parametrize(
    ("lightings", "exempt", "keeps"), [([], False, False), ([None], False, True), ([20], True, False)]
)
def test_who_was_ever_certified_keeps_shabbat_unless_exempt(
    lightings: list[int | None], exempt: bool, keeps: bool
) -> None:
    assert schedule_of(replace(Facts(), is_shabbat_exempt=exempt), lightings).keeps_shabbat == keeps


@pytest.mark.parametrize(("country", "in_israel"), [("IL", True), ("US", False), (None, False)])
def test_only_israel_keeps_one_day(country: str | None, in_israel: bool) -> None:
    assert schedule_of(replace(Facts(), country=country), [None]).in_israel == in_israel


def test_candles_are_lit_by_city_and_agency() -> None:
    jerusalem = replace(Facts(), city="Jerusalem")

    assert schedule_of(jerusalem, [None]).candle_lighting_min == 40
    assert schedule_of(jerusalem, [30]).candle_lighting_min == 30


def test_a_zone_that_does_not_exist_is_not_known() -> None:
    assert schedule_of(replace(Facts(), timezone="Mars/Olympus"), [None]).custom is None


@pytest.mark.parametrize(("lightings", "offset", "bends"), [([], None, False), ([], 30, True), ([None], None, True)])
def test_shabbat_or_an_offset_bends_the_hours(lightings: list[int | None], offset: int | None, bends: bool) -> None:
    assert schedule_of(replace(Facts(), opens_after_shabbat_min=offset), lightings).bends == bends
