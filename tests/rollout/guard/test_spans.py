"""Which rows make up a time: against a history in which every call is a second row, whatever was rolled up when."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.spans import HOUR, MINUTE, NEVER, SECOND, Marks, Span, spans

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LENGTHS = {SECOND: timedelta(seconds=1), MINUTE: timedelta(minutes=1), HOUR: timedelta(hours=1)}
SETTLED = timedelta(seconds=10)


class History:
    """The rows that there would be: second → minute → hour, each copied once it is over."""

    def __init__(self) -> None:
        self.rows: dict[int, Counter[datetime]] = {length: Counter() for length in LENGTHS}

    def call(self, at: datetime) -> None:
        self.rows[SECOND][at] += 1

    @property
    def marks(self) -> Marks:
        return Marks(*(self._end(length) for length in (MINUTE, HOUR)))

    def roll_up(self, now: datetime) -> None:
        for fine, coarse in ((SECOND, MINUTE), (MINUTE, HOUR)):
            until, since = floor(now - SETTLED, coarse), self._end(coarse)
            for at, calls in list(self.rows[fine].items()):
                if since <= at < until:
                    self.rows[coarse][floor(at, coarse)] += calls

    def within(self, chosen: Iterable[Span]) -> int:
        return sum(
            calls
            for span in chosen
            for at, calls in self.rows[span.resolution_s].items()
            if span.since <= at < span.until
        )

    def _end(self, length: int) -> datetime:
        rows = self.rows[length]
        return max(rows) + LENGTHS[length] if rows else NEVER


def floor(at: datetime, length: int) -> datetime:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (at - midnight) // LENGTHS[length] * LENGTHS[length]


moments = st.integers(0, 3 * 3600).map(lambda seconds: NOON + timedelta(minutes=-17, seconds=seconds))


@given(
    calls=st.lists(moments, max_size=40), rolled=st.lists(moments, max_size=6), now=moments, ago=st.integers(0, 9000)
)
def test_every_call_is_in_exactly_one_row_of_a_time_whatever_was_rolled_up_when(
    calls: list[datetime], rolled: list[datetime], now: datetime, ago: int
) -> None:
    history, since = History(), now - timedelta(seconds=ago)
    events = sorted([*((at, "call") for at in calls), *((at, "roll") for at in rolled)])
    for at, kind in events:
        if at <= now:
            history.call(at) if kind == "call" else history.roll_up(at)

    found = history.within(spans(since, now + timedelta(hours=1), history.marks))

    assert found == sum(since <= at <= now for at in calls)


@given(since=moments, until=moments, minutes=moments, hours=moments)
def test_spans_of_one_resolution_never_overlap(
    since: datetime, until: datetime, minutes: datetime, hours: datetime
) -> None:
    marks = Marks(floor(max(minutes, hours), MINUTE), floor(hours, HOUR))

    found = sorted(spans(since, until, marks), key=lambda span: (span.resolution_s, span.since))

    assert all(one.until <= other.since for one, other in pairwise(found) if one.resolution_s == other.resolution_s)


def test_the_minute_in_which_the_first_call_came_counts_while_there_is_no_hour_yet() -> None:
    history = History()
    history.call(NOON + timedelta(seconds=5))
    history.roll_up(NOON + timedelta(minutes=2))

    found = history.within(spans(NOON, NOON + timedelta(hours=1), history.marks))

    assert found == 1


@pytest.mark.parametrize("marks", [Marks(NEVER, NEVER), Marks(NOON, NEVER), Marks(NOON, NOON)])
def test_what_is_newer_than_every_minute_is_read_by_the_second(marks: Marks) -> None:
    since, until = NOON + timedelta(seconds=3), NOON + timedelta(seconds=9)

    assert spans(since, until, marks) == [Span(SECOND, since, until)]


def test_minutes_that_retention_took_are_read_by_the_hour() -> None:
    marks = Marks(NOON, NOON)

    found = spans(NOON - timedelta(days=40), NOON + timedelta(minutes=1), marks)

    assert found == [
        Span(HOUR, NOON - timedelta(days=40), NOON),
        Span(SECOND, NOON, NOON + timedelta(minutes=1)),
    ]
