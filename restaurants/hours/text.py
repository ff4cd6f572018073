"""Hours as people and pages write them, in the forms that really occur; anything else is refused with a reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from restaurants.hours.week import DAY_MIN, FRIDAY, SATURDAY, Refused, Span, Unparsed, Week

LONGEST: Final = 2000

SENTINELS: Final = frozenset(
    {
        "",
        "-",
        "closed hours",
        "hours not available",
        "hours vary by location",
        "hours vary",
        "n/a",
        "na",
        "none",
        "null",
    }
    | {"not available", "unknown", "call for hours", "see website", "no hours available", "hours not provided", "tbd"}
)
"""What v3 and the pages that it scraped wrote instead of hours: nothing is known."""

_SPACES = re.compile(r"[^\S\n]+")
_DASHES = re.compile(r"\s*[-‐‑‒–—―−]\s*")
_STATUS = re.compile(r"\A[^\w\n]*(?:open(?:s|ed)?|clos(?:ed|es|ing))\b(?!\s+24)[^•·⋅\n]*[•·⋅]\s*")
_DAY = (
    r"(?:mon(?:day)?|tue(?:s|sday)?|wed(?:s|nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
    r"(?![a-z])\.?"
)
_LABEL = re.compile(rf"(?:\A|(?<=[\n,;|•·⋅&/]))\s*({_DAY})(?:-({_DAY}))?\s*(:?)\s*")
_TIME = r"(\d{1,2})(?::(\d\d))?(?: ?([ap])\.?m\.?)?"
_RANGE = re.compile(rf"{_TIME}-{_TIME}")
_OFFSET = r"(\d{1,3}) ?(minutes?|mins?|hours?|hrs?) %s (?:shabbat|shabbos|shabbes)"
_AFTER_SHABBAT = re.compile(rf"{_OFFSET % 'after'}-{_TIME}")
_BEFORE_SHABBAT = re.compile(rf"{_TIME}-{_OFFSET % 'before'}")
_NUMBERS: Final = {name: day for day, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def is_sentinel(text: str | None) -> bool:
    """Whether `text` stands for "we have no hours" rather than for hours."""
    return " ".join((text or "").casefold().strip(" .").split()) in SENTINELS


def parse_text(text: str) -> Week | Unparsed:
    """Understand hours such as `Monday: 10:30 AM - 10:30 PM` on seven lines, or `Sun-Thu 11am-10pm, Fri 11am-3pm`.

    Friday and Saturday, when they alone are not listed, are closed, as in the second example; otherwise a day that is
    not listed is unknown. A leading status ("Closed • Sunday: ...") is dropped.
    """
    if len(text) > LONGEST:
        return Unparsed(f"longer than {LONGEST} characters")
    try:
        return _read_week(_tidy(text))
    except Refused as refused:
        return Unparsed(str(refused))


def _tidy(text: str) -> str:
    plain = _DASHES.sub("-", _SPACES.sub(" ", text.casefold())).strip()
    while (shorter := _STATUS.sub("", plain)) != plain:
        plain = shorter
    return plain


@dataclass(slots=True)
class _Draft:
    """The week while it is being read."""

    said: dict[int, str] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    after: tuple[int, int] | None = None
    before: tuple[int, int] | None = None

    def week(self) -> Week:
        opens_after, until = self.after or (None, None)
        closes_before, since = self.before or (None, None)
        unlisted = tuple(day for day in range(7) if day not in self.said)
        unknown = () if {FRIDAY, SATURDAY}.issuperset(unlisted) else unlisted
        return Week(tuple(self.spans), opens_after, until, closes_before, since, unknown)


def _read_week(text: str) -> Week:
    draft = _Draft()
    for days, hours in _chunks(text):
        for day in days:
            if draft.said.setdefault(day, hours) != hours:
                raise Refused(f"{_NAMES[day]} is listed twice with different hours")
            _read_day(draft, day, hours)
    return draft.week()


def _chunks(text: str) -> Iterator[tuple[list[int], str]]:
    """Part the text at its day labels; labels without hours of their own (`Mon, Wed 9am-5pm`) share the next one's."""
    labels = list(_LABEL.finditer(text))
    if not labels or labels[0].start() != 0:
        raise Refused(f"does not begin with a day: {text[:40]!r}")
    waiting: list[int] = []
    ends = [label.start() for label in labels[1:]] + [len(text)]
    for label, end in zip(labels, ends, strict=True):
        waiting += _days(label)
        hours = text[label.end() : end].strip(" \n,;|•·⋅&/")
        if hours:
            yield waiting, hours
            waiting = []
        elif label[3]:
            raise Refused(f"no hours after {label[1]!r}")
    if waiting:
        raise Refused(f"no hours after {_NAMES[waiting[-1]]}")


def _days(label: re.Match[str]) -> list[int]:
    first = _NUMBERS[label[1][:3]]
    last = _NUMBERS[label[2][:3]] if label[2] else first
    if label[2] and first == last:
        raise Refused(f"a range from {_NAMES[first]} to itself")
    return [(first + step) % 7 for step in range((last - first) % 7 + 1)]


def _read_day(draft: _Draft, day: int, hours: str) -> None:
    if hours == "closed":
        return
    if hours in {"open 24 hours", "24 hours"}:
        draft.spans.append(Span(day * DAY_MIN, DAY_MIN))
        return
    for part in re.split(r"\s*[,;&]\s*| and ", hours):
        _read_span(draft, day, part)


def _read_span(draft: _Draft, day: int, part: str) -> None:
    if found := _RANGE.fullmatch(part):
        draft.spans.append(Span.on(day, *_range_minutes(found, part)))
    elif day == SATURDAY and (found := _AFTER_SHABBAT.fullmatch(part)):
        closes = _minute(found[3], found[4], _said(found[5], part), part)
        # A place that opens after nightfall and closes in the morning hours closes on Sunday.
        draft.after = (_offset_min(found[1], found[2]), closes if closes >= DAY_MIN // 2 else closes + DAY_MIN)
    elif day == FRIDAY and (found := _BEFORE_SHABBAT.fullmatch(part)):
        draft.before = (_offset_min(found[4], found[5]), _minute(found[1], found[2], _said(found[3], part), part))
    else:
        raise Refused(f"{_NAMES[day]}: {part[:60]!r} is not a form we know")


def _range_minutes(found: re.Match[str], part: str) -> tuple[int, int]:
    """Return the minutes of opening and closing; an opening without AM or PM has the closing's if that is earlier."""
    half = _said(found[6], part)
    closes = _minute(found[4], found[5], half, part)
    opens = _minute(found[1], found[2], found[3] or half, part)
    if not found[3] and opens >= closes:
        opens = _minute(found[1], found[2], "a", part)
    if opens == closes:
        raise Refused(f"{part!r} opens and closes at the same minute")
    return opens, closes


def _said(half: str | None, part: str) -> str:
    if half is None:
        raise Refused(f"{part!r} does not say AM or PM")
    return half


def _minute(hour: str, minute: str | None, half: str, part: str) -> int:
    if not (1 <= int(hour) <= 12 and int(minute or 0) < 60):
        raise Refused(f"{part!r} is not a time on a twelve-hour clock")
    return (int(hour) % 12 + (12 if half == "p" else 0)) * 60 + int(minute or 0)


def _offset_min(number: str, unit: str) -> int:
    return int(number) * (60 if unit.startswith("h") else 1)
