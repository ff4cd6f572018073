"""A week of opening spans as a value, and its OpenStreetMap opening_hours text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final

DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
FRIDAY, SATURDAY = 4, 5
DAY_MIN: Final = 24 * 60
WEEK_MIN: Final = 7 * DAY_MIN


@dataclass(frozen=True, slots=True)
class Unparsed:
    """Hours that we do not understand, and why; the source's words are kept beside."""

    reason: str


class Refused(Exception):
    """Between the parsers of this package only: the reason that becomes `Unparsed`."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from minute `opens` of the week (Monday 00:00 is 0) for `length_min` minutes, 1 to a whole week."""

    opens: int
    length_min: int

    @classmethod
    def on(cls, day: int, opens: int, closes: int) -> "Span":
        """Return the span of `day` (0 is Monday) between two minutes; a close not after the open is tomorrow's."""
        return cls(day * DAY_MIN + opens, closes - opens if closes > opens else closes + DAY_MIN - opens)


@dataclass(frozen=True)
class Week:
    """The spans in which a place is open, in no particular order, and what it says in relation to Shabbat.

    `after_shabbat_until`: on Saturday it opens `opens_after_shabbat_min` minutes after Shabbat and closes at that
    minute of Saturday (over 1440: Sunday morning). `before_shabbat_from`: on Friday it opens at that minute and
    closes `closes_before_shabbat_min` minutes before Shabbat. `unlisted` days (0 is Monday) are unknown, not closed.
    """

    spans: tuple[Span, ...] = ()
    opens_after_shabbat_min: int | None = None
    after_shabbat_until: int | None = None
    closes_before_shabbat_min: int | None = None
    before_shabbat_from: int | None = None
    unlisted: tuple[int, ...] = ()

    @cached_property
    def coverage(self) -> tuple[tuple[int, int], ...]:
        """The open minutes as sorted, disjoint, untouching [from, to) intervals within the week."""
        pieces = sorted(piece for span in self.spans for piece in _within_week(span))
        merged: list[tuple[int, int]] = []
        for start, end in pieces:
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return tuple(merged)

    def agrees_with(self, other: "Week") -> bool:
        """Whether both are open in the same minutes of the days that neither leaves open or ties to Shabbat's clock."""
        hidden = self._vague_minutes | other._vague_minutes
        return _minutes(self.coverage) - hidden == _minutes(other.coverage) - hidden

    def opening_hours(self) -> str:
        """Return the OpenStreetMap text.

        Shabbat moves, so a rule in relation to it is written with `sunset`; the offset beside it makes it exact. Rules
        are joined by a comma as soon as one passes midnight: after a semicolon the next day's rule would end the night
        at midnight, and an unknown day must come before the night that runs into it.
        """
        if self.coverage == ((0, WEEK_MIN),):
            return "24/7"
        times_of = [_times(self._rendered, day) + self._shabbat_times(day) for day in range(7)]
        shared = {times: [day for day in range(7) if times_of[day] == times] for times in times_of if times}
        rules = [f"{_day_list(self.unlisted)} unknown"] if self.unlisted else []
        rules += [f"{_day_list(on)} {','.join(times)}" for times, on in shared.items()]
        overnight = any(_passes_midnight(time) for times in times_of for time in times)
        return (", " if overnight else "; ").join(rules) or "off"

    @cached_property
    def _rendered(self) -> tuple[tuple[int, int], ...]:
        """The coverage with a night that ends the week joined to the Monday morning that it runs into."""
        intervals = list(self.coverage)
        if len(intervals) > 1 and intervals[0][0] == 0 and intervals[-1][1] == WEEK_MIN:
            (_, morning), (evening, _) = intervals.pop(0), intervals.pop()
            intervals.append((evening, WEEK_MIN + morning))
        return tuple(piece for interval in intervals for piece in _nights(*interval))

    @property
    def _vague_minutes(self) -> frozenset[int]:
        days = [(day, day + 1) for day in self.unlisted]
        days += [(FRIDAY, SATURDAY)] if self.closes_before_shabbat_min is not None else []
        # A place that opens after Shabbat may close on Sunday morning.
        days += [(SATURDAY, SATURDAY + 2)] if self.opens_after_shabbat_min is not None else []
        return _minutes((start * DAY_MIN, end * DAY_MIN) for start, end in days)

    def _shabbat_times(self, day: int) -> tuple[str, ...]:
        if day == FRIDAY and self.before_shabbat_from is not None:
            return (f"{_clock(self.before_shabbat_from)}-sunset",)
        if day == SATURDAY and self.after_shabbat_until is not None:
            return (f"sunset-{_end(self.after_shabbat_until)}",)
        return ()


def _within_week(span: Span) -> Iterable[tuple[int, int]]:
    end = span.opens + span.length_min
    yield span.opens, min(end, WEEK_MIN)
    if end > WEEK_MIN:
        yield 0, end - WEEK_MIN


def _nights(start: int, end: int) -> Iterable[tuple[int, int]]:
    """Part an interval at its midnights, unless it is one night: shorter than a day and over one midnight only."""
    midnight = (start // DAY_MIN + 1) * DAY_MIN
    if end <= midnight or (end - start < DAY_MIN and end <= midnight + DAY_MIN):
        yield start % WEEK_MIN, start % WEEK_MIN + end - start
        return
    yield from _nights(start, midnight)
    yield from _nights(midnight, end)


def _times(intervals: Iterable[tuple[int, int]], day: int) -> tuple[str, ...]:
    midnight = day * DAY_MIN
    own = sorted((start - midnight, end - midnight) for start, end in intervals if start // DAY_MIN == day)
    return tuple(f"{_clock(start)}-{_end(end)}" for start, end in own)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _end(minute: int) -> str:
    return _clock(minute if minute <= DAY_MIN else minute - DAY_MIN)


def _passes_midnight(time: str) -> bool:
    start, _, end = time.partition("-")
    return end not in {"24:00", "sunset"} and (end <= start or (start == "sunset" and end < "12:00"))


def _day_list(days: Sequence[int]) -> str:
    """Write days as OpenStreetMap does: `Mo-Th,Su`."""
    runs = [[day for _, day in run] for _, run in groupby(enumerate(days), lambda pair: pair[1] - pair[0])]
    return ",".join(DAYS[run[0]] if len(run) == 1 else f"{DAYS[run[0]]}-{DAYS[run[-1]]}" for run in runs)


def _minutes(intervals: Iterable[tuple[int, int]]) -> frozenset[int]:
    return frozenset(minute for start, end in intervals for minute in range(start, end))
