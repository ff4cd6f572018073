"""Which days are holy, in the Land of Israel and outside it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyluach.dates import HebrewDate

from restaurants.hours.calendar import holy_runs, is_holy, is_yom_tov

YEAR_5786_ABROAD = [
    *(date(2025, 9, 23), date(2025, 9, 24), date(2025, 10, 2)),
    *(date(2025, 10, 7), date(2025, 10, 8), date(2025, 10, 14), date(2025, 10, 15)),
    *(date(2026, 4, 2), date(2026, 4, 3), date(2026, 4, 8), date(2026, 4, 9), date(2026, 5, 22), date(2026, 5, 23)),
]
SECOND_DAYS_5786 = {
    *(date(2025, 10, 8), date(2025, 10, 15), date(2026, 4, 3), date(2026, 4, 9), date(2026, 5, 23)),
}


def test_the_yom_tov_days_of_5786_are_those_of_the_printed_calendar() -> None:
    days = [date(2025, 9, 1) + timedelta(days=number) for number in range(340)]

    abroad = [day for day in days if is_yom_tov(day, in_israel=False)]
    in_israel = [day for day in days if is_yom_tov(day, in_israel=True)]

    assert abroad == YEAR_5786_ABROAD
    assert in_israel == [day for day in YEAR_5786_ABROAD if day not in SECOND_DAYS_5786]


@given(day=st.dates(date(1970, 1, 1), date(2200, 1, 1)), in_israel=st.booleans())
def test_it_is_what_pyluach_calls_a_festival_without_work(day: date, in_israel: bool) -> None:
    festival = HebrewDate.from_pydate(day).festival(israel=in_israel, include_working_days=False)

    assert is_yom_tov(day, in_israel=in_israel) == (festival is not None)


@given(first=st.dates(date(2000, 1, 1), date(2100, 1, 1)), length=st.integers(0, 40), in_israel=st.booleans())
def test_runs_are_whole_apart_and_hold_every_holy_day(first: date, length: int, in_israel: bool) -> None:
    last = first + timedelta(days=length)

    runs = list(holy_runs(first, last, in_israel=in_israel))

    covered = [begin + timedelta(days=n) for begin, end in runs for n in range((end - begin).days + 1)]
    asked = [first + timedelta(days=n) for n in range(length + 1)]
    assert [day for day in asked if is_holy(day, in_israel=in_israel)] == [d for d in covered if first <= d <= last]
    for begin, end in runs:
        assert not is_holy(begin - timedelta(days=1), in_israel=in_israel)
        assert not is_holy(end + timedelta(days=1), in_israel=in_israel)


@pytest.mark.parametrize(
    ("first", "in_israel", "run"),
    [
        (date(2024, 10, 3), True, (date(2024, 10, 3), date(2024, 10, 5))),  # Rosh Hashana, then Shabbat
        (date(2024, 10, 17), False, (date(2024, 10, 17), date(2024, 10, 19))),  # Sukkos: three days abroad
        (date(2024, 10, 17), True, (date(2024, 10, 17), date(2024, 10, 17))),  # one in Israel
        (date(2026, 5, 22), True, (date(2026, 5, 22), date(2026, 5, 23))),  # Shavuos on a Friday
        (date(2025, 4, 12), False, (date(2025, 4, 12), date(2025, 4, 14))),  # Pesach begins as Shabbat ends
    ],
)
def test_yom_tov_beside_shabbat_is_one_run(first: date, in_israel: bool, run: tuple[date, date]) -> None:
    assert list(holy_runs(first, first, in_israel=in_israel)) == [run]
