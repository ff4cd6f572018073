"""The ways to sort: a key, which way, and what comes after a position; ties go by id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jewgo.core.paging import InvalidCursor, Scalar
from restaurants.discovery.fragments import Fragment
from restaurants.discovery.words import relevance
from restaurants.filters import PlaceFilter, Sort


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort, by `key`, then by id; `type` is the key's type in SQL."""

    key: str
    type: str
    descending: bool = False
    id_descending: bool = False

    def by(self, row: str) -> str:
        """Return what to order `row` by, a relation with the columns key and id."""
        return f"{row}.key{' DESC' * self.descending}, {row}.id{' DESC' * self.id_descending}"

    def beyond(self, position: tuple[Scalar, ...]) -> Fragment:
        """Ask for what comes after `position`; raises `InvalidCursor` when it is no position of this order."""
        if len(position) != 2:
            raise InvalidCursor
        key, id_ = f"%(after_key)s::{self.type}", "%(after_id)s::bigint"
        further, higher = "<" if self.descending else ">", "<" if self.id_descending else ">"
        # Rows compare by one index scan from the position on, but only where both columns run the same way.
        same_way = f"(found.key, found.id) {further} ({key}, {id_})"
        mixed = f"found.key {further} {key} OR (found.key = {key} AND found.id {higher} {id_})"
        sql = same_way if further == higher else mixed
        return Fragment(sql, dict(zip(("after_key", "after_id"), position, strict=True)))

    def key_for(self, asked: PlaceFilter) -> Fragment:
        """Return the key of row `r` as SQL."""
        return relevance(asked.q) if self.key == "relevance" else Fragment(self.key)


BY_ID: Final = Order("r.id", "bigint")
"""As v3 lists."""

ORDERS: Final[Mapping[Sort, Order]] = {
    "name": Order("r.sort_name", "varchar"),
    "-name": Order("r.sort_name", "varchar", descending=True, id_descending=True),
    "newest": Order("r.created_at", "timestamptz", descending=True, id_descending=True),
    "relevance": Order("relevance", "numeric", descending=True),
}
