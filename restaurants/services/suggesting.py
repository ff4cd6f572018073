"""Helping somebody to ask: completions, what filters can be asked, places like one; all through the cache."""

from collections.abc import Mapping
from typing import Final

from pydantic import TypeAdapter

from restaurants.discovery.ground import metres
from restaurants.discovery.suggestions import FILTER_OPTIONS, alike, completions
from restaurants.places import WHOLE
from restaurants.services.reading import read, require_possible
from restaurants.values import Completion, FacetCount, Found, Sighting

_COMPLETIONS: Final = TypeAdapter(tuple[Completion, ...])
_OPTIONS: Final = TypeAdapter(Mapping[str, tuple[FacetCount, ...]])
_FOUND: Final = TypeAdapter(Found)

_ALIKE: Final = f"""json_build_object('place', {WHOLE}, 'key', page.key,
    'distance_m', {metres("page.chord")},
    'extras', json_build_object('why', page.why))"""


def autocomplete(q: str, limit: int) -> tuple[Completion, ...]:
    """Return cities, agencies and names that begin with `q` in any spelling, with how many places each has."""
    return read("autocomplete", [q, limit], _COMPLETIONS, lambda: completions(q, limit=limit))


def filter_options() -> Mapping[str, tuple[FacetCount, ...]]:
    """Return the values that each filter of several values finds something by, the most frequent first."""
    return read("filter_options", None, _OPTIONS, lambda: FILTER_OPTIONS)


def similar(restaurant_id: int, limit: int) -> tuple[Sighting, ...]:
    """Return the approved places most like one, with `why` in `extras`; raises `UnknownRestaurant`."""
    require_possible(restaurant_id)
    asked = [restaurant_id, limit]
    return read("similar", asked, _FOUND, lambda: alike(restaurant_id, limit=limit, row=_ALIKE)).rows
