"""Setting the hours of a place: understood or refused, never guessed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from opening_hours import validate

from jewgo.core.errors import InvalidInput, Problem
from jewgo.core.middleware import current_request_id
from restaurants.hours import Understanding, is_sentinel, understand
from restaurants.models import Restaurant
from restaurants.services.reading import record
from restaurants.services.writing import Expectation, locked, rehearsed
from restaurants.values import Place

DOUBTS: Final = frozenset({"hours_disagree", "hours_text_unparsed", "hours_json_unparsed"})
"""What an import found wrong with the hours that are replaced."""
FORMS: Final = (
    "Write a line a day, Monday: 11:00 AM - 10:00 PM, or ranges, Sun-Thu 11am-10pm, Fri 11am-3pm; "
    "Saturday: 30 minutes after Shabbat - 12:00 AM is understood, too."
)
SYNTAX: Final = "See https://wiki.openstreetmap.org/wiki/Key:opening_hours, for instance Mo-Th,Su 11:00-22:00; Fr off"


class HoursNotUnderstood(InvalidInput):
    """The hours are in no form that we know; nothing was stored."""

    code, title = "hours_not_understood", "The hours were not understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedHours:
    """The hours as somebody states them, once: in OpenStreetMap's form or as people write them; None: not known.

    Offsets that are given stand above those that the text says.
    """

    opening_hours: str | None = None
    text: str | None = None
    opens_after_shabbat_min: int | None = None
    closes_before_shabbat_min: int | None = None
    is_shabbat_exempt: bool = False
    source: str = ""


def set_hours(
    restaurant_id: int,
    stated: StatedHours,
    actor: str,
    *,
    expect: Expectation,
    at: datetime,
    dry_run: bool = False,
) -> Place:
    """Replace a place's hours by what is stated at the moment `at`, and return the place as it then stands.

    Raises `HoursNotUnderstood`, `UnknownRestaurant`, and what `expect` raises. The same hours again change nothing.
    """
    columns = understood(stated)
    return rehearsed(lambda: _store(restaurant_id, columns, actor, expect, at), dry_run=dry_run)


def understood(stated: StatedHours) -> dict[str, Any]:
    """Return the columns that the stated hours mean. Raises `HoursNotUnderstood` with what is wrong."""
    read = understand(stated.text, None) if stated.text is not None else Understanding(stated.opening_hours)
    if problems := tuple(_problems(stated, read)):
        raise HoursNotUnderstood(problems=problems)
    after, before = stated.opens_after_shabbat_min, stated.closes_before_shabbat_min
    return {
        "opening_hours": read.opening_hours,
        "opens_after_shabbat_min": read.opens_after_shabbat_min if after is None else after,
        "closes_before_shabbat_min": read.closes_before_shabbat_min if before is None else before,
        "hours_raw": stated.text,
        "hours_raw_json": None,
        "hours_problem": None,
        "hours_source": stated.source,
        "is_shabbat_exempt": stated.is_shabbat_exempt,
    }


def _problems(stated: StatedHours, read: Understanding) -> Iterator[Problem]:
    if stated.text is not None and stated.opening_hours is not None:
        yield Problem("conflicting_members", "Give the hours once, as opening_hours or as text.", pointer="/text")
    if stated.opening_hours is not None and not validate(stated.opening_hours):
        yield Problem("invalid_opening_hours", "This is not OpenStreetMap's form.", "/opening_hours", hint=SYNTAX)
    if stated.text is not None and is_sentinel(stated.text):
        hint = "Leave out what is not known."
        yield Problem("placeholder_value", f"{stated.text.strip()!r} says nothing.", pointer="/text", hint=hint)
    elif read.problem is not None:
        yield Problem("hours_not_understood", f"Not understood: {read.problem}.", pointer="/text", hint=FORMS)
    if (stated.text, stated.opening_hours) == (None, None):
        for name in ("opens_after_shabbat_min", "closes_before_shabbat_min"):
            if getattr(stated, name) is not None:
                yield Problem("required", "Minutes beside Shabbat need the hours of the week.", pointer=f"/{name}")


def _store(restaurant_id: int, columns: dict[str, Any], actor: str, expect: Expectation, at: datetime) -> Place:
    restaurant = locked(restaurant_id)
    expect(restaurant.version)
    if any(getattr(restaurant, name) != value for name, value in columns.items()):
        for name, value in columns.items():
            setattr(restaurant, name, value)
        restaurant.hours_updated_at = at
        restaurant.quality_flags = [flag for flag in restaurant.quality_flags if flag not in DOUBTS]
        Restaurant.objects.store(restaurant, actor=actor, action="set_hours", request_id=current_request_id())
    return record(restaurant_id)
