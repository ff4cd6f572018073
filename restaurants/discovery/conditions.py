"""What each filter means in SQL: pure functions from its values to a condition.

To add a filter: a member of `PlaceFilter`, and its meaning in `CHOICES` (alternatives and exclusions) or in `SINGLES`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from restaurants import openings
from restaurants.discovery import ground, parts
from restaurants.discovery.columns import categories, cities, columns, countries, ids, showing, states
from restaurants.discovery.fragments import PUBLISHED, Fragment, every, excluded
from restaurants.discovery.words import meant
from restaurants.filters import Hour, PlaceFilter
from restaurants.kosher import Attribute
from restaurants.values import ListCriteria

Meaning = Callable[[str, tuple[str, ...]], Fragment]
"""From the name of a parameter and several values to the condition that a place has one of them."""

CHOICES: Final[Mapping[str, Meaning]] = {
    "kosher_category": categories,
    "city": cities,
    "state": states,
    "country": countries,
    "listing_type": columns("listing_type"),
    "price_range": columns("price_range"),
    **{attribute: parts.levels(attribute) for attribute in Attribute.values},
}
"""What it means to have one of several values, by the filter's name. `agency` needs the day too, and stands apart."""


def opening(asked: Callable[[datetime, openings.Answer], openings.Condition]) -> Callable[[Hour], Fragment]:
    """Return the meaning of a filter of hours: open at its moment, or known to be closed."""

    def meaning(hour: Hour) -> Fragment:
        condition = asked(hour.at, "open" if hour.is_open else "closed")
        return Fragment(condition.sql, condition.params)

    return meaning


SINGLES: Final[Mapping[str, Callable[[Any], Fragment]]] = {
    "min_rating": parts.rated,
    "has_reviews": parts.reviewed,
    "has_hours": parts.with_hours,
    "box": ground.inside,
    "ids": ids,
    "open_now": opening(openings.open_now),
    "open_at": opening(openings.open_at),
    "open_before_shabbat": opening(openings.open_before_shabbat),
}
"""What a filter of one value means, by its name; it is not asked when it is None or empty."""


def meeting(asked: PlaceFilter) -> Fragment:
    """Return the condition that a place is published and meets every filter of `asked`."""
    worded = (meant(asked.words),) if asked.q else ()
    return every((PUBLISHED, *worded, *_chosen(asked), *_certified(asked), *_single(asked), *ground.around(asked)))


def listing(criteria: ListCriteria) -> Fragment:
    """Return the condition that a place is published and is what v3's list asks for."""
    conditions = [PUBLISHED]
    if criteria.city:
        conditions.append(cities("city", (criteria.city,)))
    if criteria.state:
        conditions.append(states("state", (criteria.state,)))
    if criteria.kosher_category:
        conditions.append(showing("category", criteria.kosher_category))
    if criteria.business_types:
        types = Fragment("r.listing_type = ANY(%(types)s::varchar[])", {"types": list(criteria.business_types)})
        conditions.append(types)
    return every(conditions)


def _chosen(asked: PlaceFilter) -> Iterator[Fragment]:
    for name, meaning in CHOICES.items():
        choice = getattr(asked, name)
        if choice.wanted:
            yield meaning(name, choice.wanted)
        if choice.unwanted:
            yield excluded(meaning(f"no_{name}", choice.unwanted))


def _certified(asked: PlaceFilter) -> Iterator[Fragment]:
    if asked.agency.wanted or asked.certified_on:
        yield parts.certified("agency", asked.agency.wanted, asked.certified_on)
    if asked.agency.unwanted:
        yield excluded(parts.certified("no_agency", asked.agency.unwanted, asked.certified_on))


def _single(asked: PlaceFilter) -> Iterator[Fragment]:
    for name, meaning in SINGLES.items():
        value = getattr(asked, name)
        if value is not None and value not in ("", ()):
            yield meaning(value)
