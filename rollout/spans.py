"""Which rows of the health history make up a time, each call counted once: the coarsest there are, finer at the ends.

Seconds become minutes and minutes hours once these are over; until then the finer rows are all there is. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND, MINUTE, HOUR = 1, 60, 3600
NEVER = datetime.min.replace(tzinfo=UTC)
"""The mark where there are no rows of a resolution at all."""
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Marks:
    """Up to when there are minutes, and hours: the end of the newest row of each."""

    minutes: datetime
    hours: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of one resolution that begin at or after `since` and before `until`."""

    resolution_s: int
    since: datetime
    until: datetime


def spans(since: datetime, until: datetime, marks: Marks) -> list[Span]:
    """Return the rows that hold the calls from `since` to `until`.

    `until` counts as now: rows after the marks are taken as fine as they are. A `since` within a minute whose seconds
    are gone already (2 h) loses the rest of that minute.
    """
    minutes, hours = _next(since, _MINUTE), _next(since, _HOUR)
    edges = [
        Span(SECOND, since, min(minutes, marks.minutes)),
        Span(MINUTE, minutes, min(hours, marks.minutes)),
        Span(HOUR, hours, marks.hours),
        Span(MINUTE, max(hours, marks.hours), marks.minutes),
        Span(SECOND, max(since, marks.minutes), until),
    ]
    return list(_kept(edges))


def _kept(edges: list[Span]) -> Iterator[Span]:
    return (span for span in edges if span.since < span.until)


def _next(at: datetime, length: timedelta) -> datetime:
    """Return the first full minute or hour at or after `at`."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + -((midnight - at) // length) * length
