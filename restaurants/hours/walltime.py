"""An opening_hours text as spans of time: what the clock on the place's wall shows decides, also when it is changed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours

Status = Literal["open", "closed", "unknown"]
Said = tuple[datetime, datetime, Status]

STATUSES: Final[dict[str, Status]] = {"open": "open", "closed": "closed", "unknown": "unknown"}
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


@lru_cache(maxsize=4096)
def parsed(text: str, zone: ZoneInfo, spot: tuple[float, float] | None) -> OpeningHours:
    """Return the text ready to be asked; `spot` (latitude, longitude) places sunset, None: the library's fixed one."""
    return OpeningHours(text, timezone=zone, coords=spot)


def said(hours: OpeningHours, zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[Said]:
    """Yield what the text says of every moment between two moments in UTC, in order and without gaps.

    A place is open whenever its wall clock shows an open time: in the hour that is lived twice an open time is open
    twice, and an open time that is skipped never comes.
    """
    for starts, ends, offset in _steady(zone, since, until):
        wall = _on_the_wall(hours, (starts + offset).replace(tzinfo=None), (ends + offset).replace(tzinfo=None))
        for opens, closes, status in wall:
            yield opens.replace(tzinfo=UTC) - offset, closes.replace(tzinfo=UTC) - offset, status


def _on_the_wall(hours: OpeningHours, since: datetime, until: datetime) -> Iterator[Said]:
    """Yield what the text says between two wall times. Asked with a day's margin: the library moves changed hours."""
    for starts, ends, state, _ in hours.intervals(since - DAY, until + DAY):
        opens = max(starts.replace(tzinfo=None, fold=0), since)
        closes = min(ends.replace(tzinfo=None, fold=0), until)
        if opens < closes:
            yield opens, closes, STATUSES[str(state)]


def _steady(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Part the time at the minutes in which the zone changes its offset; yield each part with its offset."""
    starts, offset = since, _offset(zone, since)
    while starts < until:
        ends = starts
        while ends < until and _offset(zone, min(ends + DAY, until)) == offset:
            ends = min(ends + DAY, until)
        if ends < until:
            ends = _change(zone, ends, min(ends + DAY, until), offset)
        yield starts, ends, offset
        starts, offset = ends, _offset(zone, ends)


def _change(zone: ZoneInfo, before: datetime, after: datetime, offset: timedelta) -> datetime:
    """Return the first minute in which the zone's offset is no longer `offset`."""
    while after - before > MINUTE:
        middle = before + ((after - before) / 2) // MINUTE * MINUTE
        before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)
