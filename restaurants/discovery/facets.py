"""Counts beside a list: how many places of the whole result have each value, the most frequent first."""

from collections.abc import Iterable, Mapping
from typing import Final

from restaurants.kosher import Attribute

MOST_VALUES: Final = 50

_COUNTED: Final = f"""
    (SELECT coalesce(json_agg(json_build_object('value', f.value, 'count', f.count)), '[]') FROM (
        SELECT {{value}} AS value, count(*) AS count
          FROM found JOIN restaurants_restaurant r ON r.id = found.id {{parts}}
         GROUP BY {{key}} ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES}) AS f)"""  # noqa: S608  # made of constants

_OF_CERTIFICATES: Final = """JOIN (SELECT DISTINCT restaurant_id, agency_id FROM restaurants_certificate) AS c
    ON c.restaurant_id = r.id JOIN restaurants_agency a ON a.id = c.agency_id"""


def _of_column(column: str) -> str:
    return _COUNTED.format(value=f"coalesce(r.{column}, 'unknown')", key="1", parts="")


def _of_level(attribute: str) -> str:
    join = f"LEFT JOIN restaurants_supervisionlevel l ON l.restaurant_id = r.id AND l.attribute = '{attribute}'"
    return _COUNTED.format(value="coalesce(l.level, 'unknown')", key="1", parts=join)


FACETS: Final[Mapping[str, str]] = {
    "agency": _COUNTED.format(value="a.name", key="a.id", parts=_OF_CERTIFICATES),
    "kosher_category": _COUNTED.format(
        value="coalesce(category, 'unknown')",
        key="1",
        parts="LEFT JOIN LATERAL unnest(r.kosher_categories) AS category ON true",
    ),
    # Spellings of one city are one city, called as most places call it.
    "city": _COUNTED.format(
        value="coalesce(mode() WITHIN GROUP (ORDER BY r.city), 'unknown')", key="r.city_key", parts=""
    ),
    "state": _of_column("state"),
    "country": _of_column("country"),
    "listing_type": _of_column("listing_type"),
    "price_range": _of_column("price_range"),
    **{attribute: _of_level(attribute) for attribute in Attribute.values},
}
"""By the filter's name, over `found`: a JSON array of value and count. A place of unknown value counts as `unknown`."""


def counts(names: Iterable[str]) -> str:
    """Return the SQL of a JSON object with the counts of each facet."""
    members = ", ".join(f"'{name}', {FACETS[name]}" for name in names)
    return f"json_build_object({members})"
