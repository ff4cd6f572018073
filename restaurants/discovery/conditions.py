"""What each filter means in SQL: pure functions from its values to a condition. One place to add a filter's meaning."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Final

from restaurants.discovery.fragments import NOTHING, PUBLISHED, Fragment, either, every, excluded
from restaurants.discovery.words import holding
from restaurants.filters import UNKNOWN, Choice, PlaceFilter
from restaurants.spelling import normalise
from restaurants.values import ListCriteria

Meaning = Callable[[str, Sequence[str]], Fragment]
"""From the name of a parameter and several values to the condition that a place has one of them."""


def meeting(asked: PlaceFilter) -> Fragment:
    """Return the condition that a place is published and meets every filter of `asked`."""
    return every((PUBLISHED, *_chosen(asked), *(() if not asked.q else (holding(asked.q),))))


def listing(criteria: ListCriteria) -> Fragment:
    """Return the condition that a place is published and is what v3's list asks for."""
    asked = {
        "city": cities("city", (criteria.city,)) if criteria.city else None,
        "state": states("state", (criteria.state,)) if criteria.state else None,
        "category": showing("category", criteria.kosher_category) if criteria.kosher_category else None,
        "types": listing_types("types", criteria.business_types) if criteria.business_types else None,
    }
    return every((PUBLISHED, *filter(None, asked.values())))


def _chosen(asked: PlaceFilter) -> Iterator[Fragment]:
    for field in fields(asked):
        choice = getattr(asked, field.name)
        if isinstance(choice, Choice):
            meaning = MEANINGS[field.name]
            if choice.wanted:
                yield meaning(field.name, choice.wanted)
            if choice.unwanted:
                yield excluded(meaning(f"no_{field.name}", choice.unwanted))


def categories(name: str, values: Sequence[str]) -> Fragment:
    """Serves any of `values`; `unknown`: nothing is known of what it serves."""
    known = [value for value in values if value != UNKNOWN]
    serves = Fragment(f"r.kosher_categories && %({name})s::varchar[]", {name: known}) if known else NOTHING
    return either(serves, Fragment("r.kosher_categories = '{}'")) if UNKNOWN in values else serves


def showing(name: str, category: str) -> Fragment:
    """Shows `category` in v3: it is the first. That it is there at all is what the index answers."""
    sql = f"r.kosher_categories[1] = %({name})s AND r.kosher_categories @> ARRAY[%({name})s]::varchar[]"
    return Fragment(sql, {name: category})


def listing_types(name: str, values: Sequence[str]) -> Fragment:
    """Is listed as any of `values`."""
    return Fragment(f"r.listing_type = ANY(%({name})s::varchar[])", {name: list(values)})


def agencies(name: str, values: Sequence[str]) -> Fragment:
    """Was ever certified by an agency of any of these names, in any spelling."""
    sql = f"""EXISTS (SELECT FROM restaurants_certificate c JOIN restaurants_agency a ON a.id = c.agency_id
                       WHERE c.restaurant_id = r.id AND a.keys && %({name})s::varchar[])"""
    return Fragment(sql, {name: [normalise(value) for value in values]})


def cities(name: str, values: Sequence[str]) -> Fragment:
    """Lies in a city of any of these names, in any spelling."""
    keys = [normalise(value) for value in values]
    return Fragment(f"r.city IS NOT NULL AND r.city_key = ANY(%({name})s::varchar[])", {name: keys})


def states(name: str, values: Sequence[str]) -> Fragment:
    """Lies in any of these states, in any case."""
    return Fragment(f"upper(r.state) = ANY(%({name})s::varchar[])", {name: [value.strip().upper() for value in values]})


def countries(name: str, values: Sequence[str]) -> Fragment:
    """Lies in any of these countries (ISO 3166 alpha-2)."""
    return Fragment(f"r.country = ANY(%({name})s::varchar[])", {name: [value.upper() for value in values]})


MEANINGS: Final[Mapping[str, Meaning]] = {
    "kosher_category": categories,
    "agency": agencies,
    "city": cities,
    "state": states,
    "country": countries,
}
"""What it means to have one of several values, by the filter's name."""
