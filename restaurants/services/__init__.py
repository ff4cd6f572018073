"""The v4 engine: the catalogue's rules, transactions and cache."""

from restaurants.services.exporting import export
from restaurants.services.hours import set_hours
from restaurants.services.keeping import accept, create, delete, update
from restaurants.services.lifecycle import move, restore
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
from restaurants.services.suggesting import autocomplete, filter_options, similar

__all__ = [
    "accept",
    "autocomplete",
    "business_types",
    "create",
    "delete",
    "detail",
    "export",
    "filter_options",
    "kept",
    "kosher_types",
    "list_places",
    "move",
    "page",
    "record",
    "restore",
    "search",
    "set_hours",
    "similar",
    "statistics",
    "update",
]
