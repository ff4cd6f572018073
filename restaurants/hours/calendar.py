"""The days of Shabbat and Yom Tov: which they are, in the Land of Israel and outside it."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from pyluach.dates import HebrewDate

SATURDAY: Final = 5
DAY: Final = timedelta(days=1)

NISAN, SIVAN, TISHREI = 1, 3, 7

EVERYWHERE: Final = frozenset(
    {(TISHREI, 1), (TISHREI, 2), (TISHREI, 10), (TISHREI, 15), (TISHREI, 22)} | {(NISAN, 15), (NISAN, 21), (SIVAN, 6)}
)
"""Rosh Hashana, Yom Kippur, Sukkos, Shemini Atzeres, the first and the seventh day of Pesach, Shavuos: Leviticus 23."""

SECOND_DAYS: Final = frozenset({(TISHREI, 16), (TISHREI, 23), (NISAN, 16), (NISAN, 22), (SIVAN, 7)})
"""What the diaspora keeps besides: Shulchan Aruch, Orach Chaim 496."""


@lru_cache(maxsize=4096)
def is_yom_tov(day: date, *, in_israel: bool) -> bool:
    """Whether the daylight of `day` is Yom Tov, on which work is forbidden; Chol HaMoed, Chanuka and Purim are not."""
    hebrew = HebrewDate.from_pydate(day)
    named = (hebrew.month, hebrew.day)
    return named in EVERYWHERE or (not in_israel and named in SECOND_DAYS)


def is_holy(day: date, *, in_israel: bool) -> bool:
    """Whether the daylight of `day` is Shabbat or Yom Tov."""
    return day.weekday() == SATURDAY or is_yom_tov(day, in_israel=in_israel)


def holy_runs(first: date, last: date, *, in_israel: bool) -> Iterator[tuple[date, date]]:
    """Yield the first and last day of every unbroken row of holy days of which a day lies in `first` to `last`."""
    day = first
    while day <= last:
        if not is_holy(day, in_israel=in_israel):
            day += DAY
            continue
        begins, ends = _reach(day, -DAY, in_israel), _reach(day, DAY, in_israel)
        yield begins, ends
        day = ends + DAY


def _reach(day: date, step: timedelta, in_israel: bool) -> date:
    while is_holy(day + step, in_israel=in_israel):
        day += step
    return day
