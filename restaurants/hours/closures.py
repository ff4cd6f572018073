"""When a place that keeps them is closed for Shabbat and Yom Tov: from candle lighting to nightfall, in UTC."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from restaurants.hours.calendar import DAY, SATURDAY, holy_runs
from restaurants.hours.sun import Sky, evening
from restaurants.spelling import normalise

CANDLE_LIGHTING_MIN: Final = 18
JERUSALEM_MIN: Final = 40
JERUSALEM: Final = frozenset(map(normalise, ("Jerusalem", "Yerushalayim", "ירושלים")))

Holiness = Literal["shabbat", "yom_tov"]


@dataclass(frozen=True, slots=True)
class Custom:
    """Whose calendar: the sky over the place, minutes of candle lighting before sunset, and whether it is in Israel."""

    sky: Sky
    candle_lighting_min: int = CANDLE_LIGHTING_MIN
    in_israel: bool = False


@dataclass(frozen=True, slots=True)
class Closure:
    """One unbroken closure. `days` are its holy days, each from its own candle lighting; the last wins, Shabbat all.

    Both ends are whole minutes: candle lighting rounded down, nightfall rounded up.
    """

    starts_at: datetime
    ends_at: datetime
    days: tuple[tuple[datetime, datetime, Holiness], ...]

    @property
    def holds_shabbat(self) -> bool:
        """Whether one of its days is Shabbat."""
        return any(reason == "shabbat" for _, _, reason in self.days)


def candle_lighting_min(city: str | None, overrides: Collection[int | None]) -> int:
    """Return the minutes before sunset that a place goes by; `overrides` are its agencies', None: the city's custom.

    Of several agencies the earliest lighting holds.
    """
    custom = _custom_min(city)
    return max((custom if override is None else override for override in overrides), default=custom)


@lru_cache(maxsize=4096)
def _custom_min(city: str | None) -> int:
    return JERUSALEM_MIN if normalise(city) in JERUSALEM else CANDLE_LIGHTING_MIN


def closures(custom: Custom, since: datetime, until: datetime) -> tuple[Closure, ...]:
    """Return, in order, every closure of which a moment lies between two aware moments."""
    zone = ZoneInfo(custom.sky.zone)
    # A closure begins on the day before its first holy day, and its last nightfall may come after midnight.
    first, last = since.astimezone(zone).date() - DAY, until.astimezone(zone).date() + DAY
    runs = holy_runs(first, last, in_israel=custom.in_israel)
    found = (_closure(custom, begins, ends) for begins, ends in runs)
    return tuple(closure for closure in found if closure.starts_at < until and closure.ends_at > since)


@lru_cache(maxsize=16384)
def _closure(custom: Custom, begins: date, ends: date) -> Closure:
    days = tuple(_days(custom, begins, ends))
    return Closure(days[0][0], max(end for _, end, _ in days), days)


def _days(custom: Custom, begins: date, ends: date) -> Iterator[tuple[datetime, datetime, Holiness]]:
    """Yield each holy day, Shabbat last, so that it names every moment that it shares with a Yom Tov."""
    every = [begins + DAY * number for number in range((ends - begins).days + 1)]
    for day in every:
        yield (*_holy_day(custom, day), "shabbat" if day.weekday() == SATURDAY else "yom_tov")


def _holy_day(custom: Custom, day: date) -> tuple[datetime, datetime]:
    return candle_lighting(custom, day - DAY), nightfall(custom, day)


def candle_lighting(custom: Custom, eve: date) -> datetime:
    """Return the candle lighting in the evening of the civil day `eve`, in UTC, to the minute before."""
    lit = evening(custom.sky, eve).sunset - timedelta(minutes=custom.candle_lighting_min)
    return lit.replace(second=0, microsecond=0)


def nightfall(custom: Custom, day: date) -> datetime:
    """Return the nightfall that ends the civil day `day`, in UTC, to the minute after."""
    whole = evening(custom.sky, day).nightfall.astimezone(UTC)
    down = whole.replace(second=0, microsecond=0)
    return down if down == whole else down + timedelta(minutes=1)
