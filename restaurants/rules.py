"""What v4 asks of a place before it is stored: pure rules, one place for every door."""

import re
from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from jewgo.core.errors import InvalidInput, Problem
from restaurants.kosher import Attribute, Category, Level
from restaurants.values import Draft

REQUIRED: Final = ("name", "address", "city", "country")
SENTINELS: Final = frozenset(
    {"address not provided", "not provided", "000-000-0000", "00000", "n/a", "unknown", "null"}
)
SENTINEL_FIELDS: Final = ("address", "city", "zip_code", "phone_number", "website")
PHONE: Final = re.compile(r"[+(]*\d[\d\s().+/-]{5,}")
EXTRA_REFUSALS: Final = frozenset({"name_is_phone_number", "placeholder_value"})
"""What v4's rules may refuse on v3's POST although v3 took it, as docs/migration.md lists; the rest is only logged."""


class InvalidRestaurant(InvalidInput):
    """What was proposed breaks a rule of the catalogue."""

    code, title = "invalid_restaurant", "The restaurant breaks a rule of the catalogue"


def findings(draft: Draft) -> tuple[Problem, ...]:
    """Return every rule that `draft` breaks, each with the member it points at."""
    return tuple(problem for rule in RULES for problem in rule(draft))


def require_sound(draft: Draft) -> None:
    """Raise `InvalidRestaurant` with everything that `findings` finds."""
    if problems := findings(draft):
        raise InvalidRestaurant(problems=problems)


def _has_what_it_needs(draft: Draft) -> Iterator[Problem]:
    for name in REQUIRED:
        if not (getattr(draft, name) or "").strip():
            yield Problem("required", f"A restaurant needs {name}.", pointer=f"/{name}")


def _name_is_a_name(draft: Draft) -> Iterator[Problem]:
    if PHONE.fullmatch(draft.name.strip()):
        yield Problem("name_is_phone_number", "This name is a telephone number.", pointer="/name")


def _nothing_stands_in(draft: Draft) -> Iterator[Problem]:
    for name in SENTINEL_FIELDS:
        value = getattr(draft, name)
        if value and value.strip().casefold() in SENTINELS:
            hint = "Leave out what is not known."
            yield Problem("placeholder_value", f"{value.strip()!r} says nothing.", pointer=f"/{name}", hint=hint)


def _facts_have_a_source(draft: Draft) -> Iterator[Problem]:
    if draft.kosher_categories and not draft.source:
        hint = "Say who says so: a list, a certificate, a site."
        yield Problem("source_required", "A kosher category needs a source.", pointer="/source", hint=hint)
    for index, fact in enumerate(draft.levels):
        if not (fact.source or draft.source):
            yield Problem("source_required", "A supervision level needs a source.", pointer=f"/levels/{index}/source")


def _words_are_known(draft: Draft) -> Iterator[Problem]:
    for index, category in enumerate(draft.kosher_categories):
        if category not in Category.values:
            yield Problem("unknown_value", f"{category!r} is no category.", pointer=f"/kosher_categories/{index}")
    for index, fact in enumerate(draft.levels):
        if fact.attribute not in Attribute.values or fact.level not in Level.values:
            yield Problem("unknown_value", "There is no such attribute or level.", pointer=f"/levels/{index}")


def _facts_are_said_once(draft: Draft) -> Iterator[Problem]:
    said = {
        "/kosher_categories/{}": draft.kosher_categories,
        "/levels/{}/attribute": [fact.attribute for fact in draft.levels],
    }
    for pointer, words in said.items():
        for index, word in enumerate(words):
            if word in words[:index]:
                yield Problem("repeated_value", f"{word} was said before.", pointer=pointer.format(index))


def _coordinates_are_whole(draft: Draft) -> Iterator[Problem]:
    if (draft.latitude is None) != (draft.longitude is None):
        missing = "latitude" if draft.latitude is None else "longitude"
        yield Problem("required", "Latitude and longitude go together.", pointer=f"/{missing}")


def _zone_exists(draft: Draft) -> Iterator[Problem]:
    if draft.timezone and zone(draft.timezone) is None:
        hint = "Use a name of the IANA database, such as America/New_York."
        yield Problem("unknown_value", f"There is no time zone {draft.timezone!r}.", pointer="/timezone", hint=hint)


def zone(name: str | None) -> ZoneInfo | None:
    """Return the time zone called `name`, None when there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


RULES: Final = (
    _has_what_it_needs,
    _name_is_a_name,
    _nothing_stands_in,
    _facts_have_a_source,
    _words_are_known,
    _facts_are_said_once,
    _coordinates_are_whole,
    _zone_exists,
)
