"""Conditions on what a place says of itself."""

from collections.abc import Callable

from restaurants.discovery.fragments import NOTHING, Fragment, either
from restaurants.filters import UNKNOWN
from restaurants.spelling import normalise


def categories(name: str, values: tuple[str, ...]) -> Fragment:
    """Serves any of `values`; `unknown`: nothing is known of what it serves."""
    known = [value for value in values if value != UNKNOWN]
    serves = Fragment(f"r.kosher_categories && %({name})s::varchar[]", {name: known}) if known else NOTHING
    return either(serves, Fragment("r.kosher_categories = '{}'")) if UNKNOWN in values else serves


def showing(name: str, category: str) -> Fragment:
    """Shows `category` in v3: it is the first. That it is there at all is what the index answers."""
    sql = f"r.kosher_categories[1] = %({name})s AND r.kosher_categories @> ARRAY[%({name})s]::varchar[]"
    return Fragment(sql, {name: category})


def cities(name: str, values: tuple[str, ...]) -> Fragment:
    """Lies in a city of any of these names, in any spelling."""
    keys = [normalise(value) for value in values]
    return Fragment(f"r.city IS NOT NULL AND r.city_key = ANY(%({name})s::varchar[])", {name: keys})


def states(name: str, values: tuple[str, ...]) -> Fragment:
    """Lies in any of these states, in any case."""
    return Fragment(f"upper(r.state) = ANY(%({name})s::varchar[])", {name: [value.strip().upper() for value in values]})


def countries(name: str, values: tuple[str, ...]) -> Fragment:
    """Lies in any of these countries (ISO 3166 alpha-2)."""
    return Fragment(f"r.country = ANY(%({name})s::varchar[])", {name: [value.upper() for value in values]})


def columns(column: str) -> Callable[[str, tuple[str, ...]], Fragment]:
    """Return the meaning: the text column has any of the values, in any case; `unknown`: none is known."""

    def meaning(name: str, values: tuple[str, ...]) -> Fragment:
        known = Fragment(f"lower(r.{column}) = ANY(%({name})s::varchar[])", {name: [value.lower() for value in values]})
        return either(known, Fragment(f"r.{column} IS NULL")) if UNKNOWN in values else known

    return meaning


def ids(values: tuple[int, ...]) -> Fragment:
    """Is one of these."""
    return Fragment("r.id = ANY(%(ids)s::bigint[])", {"ids": list(values)})
