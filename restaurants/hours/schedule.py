"""What decides whether a place is open, as one value, from whatever holds a place's facts."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

from restaurants.hours.closures import CANDLE_LIGHTING_MIN, Custom, candle_lighting_min
from restaurants.hours.sun import Sky
from restaurants.hours.validation import is_zone

ISRAEL: Final = "IL"


class Scheduled(Protocol):
    """A place's own facts, named as its columns are."""

    @property
    def opening_hours(self) -> str | None: ...
    @property
    def timezone(self) -> str | None: ...
    @property
    def latitude(self) -> float | None: ...
    @property
    def longitude(self) -> float | None: ...
    @property
    def city(self) -> str | None: ...
    @property
    def country(self) -> str | None: ...
    @property
    def is_shabbat_exempt(self) -> bool: ...
    @property
    def opens_after_shabbat_min(self) -> int | None: ...
    @property
    def closes_before_shabbat_min(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Everything that decides whether a place is open.

    `keeps_shabbat`: it is or ever was certified, and not exempt. `opens_after_shabbat_min` and
    `closes_before_shabbat_min` make the `sunset` exact that the text has in their place.
    """

    opening_hours: str | None
    timezone: str | None
    latitude: float | None = None
    longitude: float | None = None
    in_israel: bool = False
    keeps_shabbat: bool = False
    candle_lighting_min: int = CANDLE_LIGHTING_MIN
    opens_after_shabbat_min: int | None = None
    closes_before_shabbat_min: int | None = None

    @property
    def custom(self) -> Custom | None:
        """Whose Shabbat; None where the zone is not known."""
        if self.timezone is None or not is_zone(self.timezone):
            return None
        sky = Sky.over(self.timezone, self.latitude, self.longitude)
        return Custom(sky, self.candle_lighting_min, self.in_israel)

    @property
    def bends(self) -> bool:
        """Whether anything but the listed hours decides."""
        offsets = (self.opens_after_shabbat_min, self.closes_before_shabbat_min)
        return self.keeps_shabbat or offsets != (None, None)


def schedule_of(place: Scheduled, lightings: Collection[int | None]) -> Schedule:
    """Return a place's schedule; `lightings` holds the agency's `candle_lighting_min` of every certificate it ever had.

    Where the country is not known the diaspora's calendar counts, which holds every day of Israel's.
    """
    return Schedule(
        opening_hours=place.opening_hours,
        timezone=place.timezone,
        latitude=place.latitude,
        longitude=place.longitude,
        in_israel=place.country == ISRAEL,
        keeps_shabbat=bool(lightings) and not place.is_shabbat_exempt,
        candle_lighting_min=candle_lighting_min(place.city, lightings),
        opens_after_shabbat_min=place.opens_after_shabbat_min,
        closes_before_shabbat_min=place.closes_before_shabbat_min,
    )
