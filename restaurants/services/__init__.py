"""The v4 engine: the catalogue's rules, transactions and cache."""

from restaurants.services.hours import set_hours
from restaurants.services.keeping import accept, create, delete, update
from restaurants.services.reading import (
    business_types,
    detail,
    kept,
    kosher_types,
    list_places,
    page,
    record,
    search,
    statistics,
)

__all__ = [
    "accept",
    "business_types",
    "create",
    "delete",
    "detail",
    "kept",
    "kosher_types",
    "list_places",
    "page",
    "record",
    "search",
    "set_hours",
    "statistics",
    "update",
]
