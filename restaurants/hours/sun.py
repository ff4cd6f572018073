"""Sunset and nightfall of an evening: by the sun where it is known where the place is, else earlier and later."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from astral import Observer, SunDirection
from astral.geocoder import all_locations, database
from astral.julian import julianday, julianday_to_juliancentury
from astral.sun import eq_of_time, time_of_transit

SUNSET_DEG: Final = 90.833
"""The zenith angle of sunset at sea level: half the sun's disc and the refraction at the horizon (NOAA)."""
NIGHTFALL_DEG: Final = 90 + 8.5
"""The zenith angle at which three small stars are seen."""
HALF_A_DAY: Final = timedelta(hours=12)

ZONE_MARGIN: Final = timedelta(minutes=30)
"""What is added on either side where only the zone is known: places lie beyond the zone's cities that we know."""
NO_SUN_BEGINS, NO_SUN_ENDS = time(12), timedelta(days=1, hours=3)
"""Where not even that is known: noon, and three in the morning; no evening of an inhabited place goes further."""

RENAMED: Final = {
    "US/Eastern": "America/New_York",
    "US/Central": "America/Chicago",
    "US/Mountain": "America/Denver",
    "US/Pacific": "America/Los_Angeles",
}
"""Old names in the list of cities, which cover most of North America; a zone of another name is one not known."""


@dataclass(frozen=True, slots=True)
class Sky:
    """Where a place is: an IANA zone that exists, latitudes and longitudes between which it lies, and how far off."""

    zone: str
    spots: tuple[tuple[float, float], ...] = ()
    margin: timedelta = timedelta(0)

    @classmethod
    def over(cls, zone: str, latitude: float | None, longitude: float | None) -> "Sky":
        """Return the sky over coordinates to 0.01 degrees (2.4 s of sun), else over the cities of the zone.

        Not over the city of that name: Augusta is in Maine and in Georgia, an hour of sun apart in one zone.
        """
        if latitude is not None and longitude is not None:
            return cls(zone, ((round(latitude, 2), round(longitude, 2)),))
        return cls(zone, cities().get(zone, ()), ZONE_MARGIN)


@dataclass(frozen=True, slots=True)
class Evening:
    """The end of a day: no sunset is earlier and no nightfall later than these, in UTC."""

    sunset: datetime
    nightfall: datetime


@lru_cache(maxsize=16384)
def evening(sky: Sky, day: date) -> Evening:
    """Return the evening of the civil day `day` of the sky's zone.

    Where the sun does not set (or rise) there, sunset is taken to be solar noon; where it does not reach 8.5° below
    the horizon (or never leaves it), nightfall is taken to be the solar midnight that follows. Those are the limits to
    which the two tend as the sun's course nears such a day: nothing is called over too early.
    """
    zone = ZoneInfo(sky.zone)
    seen = [_at_spot(spot, day, zone) for spot in sky.spots]
    if not seen:
        midnight = datetime.combine(day, time(), tzinfo=zone)
        return Evening(datetime.combine(day, NO_SUN_BEGINS, tzinfo=zone).astimezone(UTC),
                       (midnight + NO_SUN_ENDS).astimezone(UTC))  # fmt: skip
    return Evening(min(one.sunset for one in seen) - sky.margin, max(one.nightfall for one in seen) + sky.margin)


def _at_spot(spot: tuple[float, float], day: date, zone: ZoneInfo) -> Evening:
    latitude, longitude = spot
    solar_day = _solar_day(day, zone, longitude)
    noon = _solar_noon(solar_day, longitude)
    observer = Observer(latitude, longitude, 0.0)
    sunset = _setting(observer, solar_day, SUNSET_DEG) or noon
    return Evening(sunset, _setting(observer, solar_day, NIGHTFALL_DEG) or noon + HALF_A_DAY)


def _solar_day(day: date, zone: ZoneInfo, longitude: float) -> date:
    """Return the date by the sun at noon of the civil date: they differ across the date line (Samoa, Kiribati)."""
    noon = datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)
    return (noon + timedelta(hours=longitude / 15)).date()


def _solar_noon(solar_day: date, longitude: float) -> datetime:
    equation = eq_of_time(julianday_to_juliancentury(julianday(solar_day) + 0.5 - longitude / 360))
    midnight = datetime.combine(solar_day, time(), tzinfo=UTC)
    return midnight + timedelta(minutes=720 - 4 * longitude - equation)


def _setting(observer: Observer, solar_day: date, zenith_deg: float) -> datetime | None:
    try:
        return time_of_transit(observer, solar_day, zenith_deg, SunDirection.SETTING, with_refraction=False)
    except ValueError:  # the sun does not pass that angle on that day
        return None


@cache
def cities() -> Mapping[str, tuple[tuple[float, float], ...]]:
    """Return latitude and longitude of the cities that we know, by zone."""
    found: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for city in all_locations(database()):
        found[RENAMED.get(city.timezone, city.timezone)].append((city.latitude, city.longitude))
    return {zone: tuple(spots) for zone, spots in found.items()}
