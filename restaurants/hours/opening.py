"""Whether a place is open, why, and until when: its listed hours, and Shabbat and Yom Tov above them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter
from typing import Final, Literal
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours

from restaurants.hours.closures import Custom, candle_lighting, closures, nightfall
from restaurants.hours.schedule import Schedule
from restaurants.hours.walltime import STATUSES, Status, parsed, said
from restaurants.hours.week import FRIDAY, SATURDAY

Reason = Literal["hours", "shabbat", "yom_tov", "no_hours"]

WEEK: Final = timedelta(days=7)
FAR: Final = 54
"""How many weeks ahead a change is looked for: every listed hour and every Shabbat returns within a year."""
EPOCH: Final = datetime(2001, 1, 1, tzinfo=UTC)
_STARTS: Final = attrgetter("starts_at")


@dataclass(frozen=True, slots=True)
class Opening:
    """How things stand at a moment. `next_change_at`: when `status` becomes another, None: not within a year."""

    status: Status
    reason: Reason
    next_change_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time of one status and reason, in UTC."""

    starts_at: datetime
    ends_at: datetime
    status: Status
    reason: Reason


def opening_at(schedule: Schedule, moment: datetime) -> Opening:
    """Return how things stand at an aware moment. Unknown without hours or zone, but for a Shabbat that is kept."""
    coming = _later(schedule, moment.astimezone(UTC))
    now = next(coming)
    changes = (one.starts_at for one in coming if one.status != now.status)
    return Opening(now.status, now.reason, next(changes, None))


def stands_until(schedule: Schedule, moment: datetime) -> datetime:
    """Return until when status and reason are certainly as at an aware moment; they may stay so for longer."""
    return next(_later(schedule, moment.astimezone(UTC))).ends_at


def next_open_at(schedule: Schedule, moment: datetime) -> datetime | None:
    """Return when the place opens next after an aware moment (now, when it is open), None: not within a year."""
    if not _ever_opens(schedule):
        return None
    coming = _later(schedule, moment.astimezone(UTC))
    return next((max(one.starts_at, moment) for one in coming if one.status == "open"), None)


def stretches(schedule: Schedule, since: datetime, until: datetime) -> tuple[Stretch, ...]:
    """Return the whole time between two aware moments as stretches, in order; neighbours differ."""
    return tuple(_merged(_cut(schedule, since.astimezone(UTC), until.astimezone(UTC))))


def open_intervals(schedule: Schedule, since: datetime, until: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Return the open intervals between two aware moments, cut to them, in UTC."""
    return tuple((one.starts_at, one.ends_at) for one in stretches(schedule, since, until) if one.status == "open")


def _later(schedule: Schedule, moment: datetime) -> Iterator[Stretch]:
    """Yield the stretch in which the moment lies and those that follow, for `FAR` weeks or to the last change."""
    week = (moment - EPOCH) // WEEK
    here = _week(schedule, week)
    yield from here[bisect_right(here, moment, key=_STARTS) - 1 :]
    if not _is_constant(schedule):
        for ahead in range(week + 1, week + FAR):
            yield from _week(schedule, ahead)


@lru_cache(maxsize=4096)
def _always(schedule: Schedule) -> Status | None:
    """Return what the hours alone say at every time, None: it changes."""
    custom = schedule.custom
    if custom is None or schedule.opening_hours is None:
        return "unknown"
    hours, long_ago = _hours(schedule, custom), EPOCH.replace(tzinfo=None)
    return STATUSES[str(hours.state(long_ago)[0])] if hours.next_change(long_ago) is None else None


def _is_constant(schedule: Schedule) -> bool:
    """Whether it is the same for ever: Shabbat too finds a place closed that is never open, or is nowhere known."""
    always = _always(schedule)
    return schedule.custom is None or always == "closed" or (always is not None and not schedule.bends)


def _ever_opens(schedule: Schedule) -> bool:
    """Whether the place can be open at all; who is not need not be followed through a year."""
    return _always(schedule) in (None, "open")


@lru_cache(maxsize=8192)
def _week(schedule: Schedule, number: int) -> tuple[Stretch, ...]:
    since = EPOCH + number * WEEK
    return stretches(schedule, since, since + WEEK)


Layer = tuple[datetime, datetime, Status, Reason]


def _cut(schedule: Schedule, since: datetime, until: datetime) -> Iterator[Stretch]:
    """Yield the time cut at every edge of every layer; each layer is painted over those before it."""
    layers: list[Layer] = [(since, until, "unknown", "no_hours"), *_layers(schedule, since, until)]
    edges = sorted({edge for layer in layers for edge in layer[:2] if since < edge < until} | {since, until})
    painted: list[tuple[Status, Reason]] = [("unknown", "no_hours")] * (len(edges) - 1)
    for starts, ends, status, reason in layers:
        for place in range(bisect_left(edges, starts), min(bisect_left(edges, ends), len(painted))):
            painted[place] = (status, reason)
    for (starts, ends), (status, reason) in zip(pairwise(edges), painted, strict=True):
        yield Stretch(starts, ends, status, reason)


def _layers(schedule: Schedule, since: datetime, until: datetime) -> Iterator[Layer]:
    """Yield what the hours say, then what bends them: the offsets, Yom Tov, and above all Shabbat."""
    custom = schedule.custom
    if custom is None:
        return
    if schedule.opening_hours is not None:
        for starts, ends, status in said(_hours(schedule, custom), ZoneInfo(custom.sky.zone), since, until):
            yield starts, ends, status, "no_hours" if status == "unknown" else "hours"
    if not schedule.bends:
        return
    yield from _offsets(schedule, custom, since, until)
    if schedule.keeps_shabbat:
        days = [day for closure in closures(custom, since, until) for day in closure.days]
        for starts, ends, reason in sorted(days, key=lambda day: day[2] == "shabbat"):
            yield starts, ends, "closed", reason


def _offsets(schedule: Schedule, custom: Custom, since: datetime, until: datetime) -> Iterator[Layer]:
    """Yield what the text's `sunset` leaves too open: before candle lighting and dusk, dusk and after nightfall.

    Only where the place has hours at all: an offset alone does not say that it is ever open.
    """
    before, after = schedule.closes_before_shabbat_min, schedule.opens_after_shabbat_min
    if schedule.opening_hours is None or before is after is None:
        return
    day = since.date() - timedelta(days=2)
    while day <= until.date() + timedelta(days=2):
        lit, dark = candle_lighting(custom, day), nightfall(custom, day)
        if day.weekday() == FRIDAY and before is not None:
            yield lit - timedelta(minutes=before), dark, "closed", "hours"
        if day.weekday() == SATURDAY and after is not None:
            yield lit, dark + timedelta(minutes=after), "closed", "hours"
        day += timedelta(days=1)


def _hours(schedule: Schedule, custom: Custom) -> OpeningHours:
    return parsed(schedule.opening_hours or "off", ZoneInfo(custom.sky.zone), next(iter(custom.sky.spots), None))


def _merged(parts: Iterator[Stretch]) -> Iterator[Stretch]:
    """Yield the parts with neighbours of the same status and reason made one."""
    held: Stretch | None = None
    for part in parts:
        if held is not None and (held.status, held.reason) == (part.status, part.reason):
            held = Stretch(held.starts_at, part.ends_at, held.status, held.reason)
            continue
        if held is not None:
            yield held
        held = part
    if held is not None:
        yield held
