"""The ways to sort: a key, which way, and what comes after a position; ties go by id."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from jewgo.core.paging import InvalidCursor, Scalar
from restaurants.discovery import ground
from restaurants.discovery.fragments import Fragment
from restaurants.discovery.words import closeness
from restaurants.filters import PlaceFilter, Sort

BAYESIAN: Final = """coalesce((SELECT round((s.total + 15)::numeric / (s.count + 5), 4)
                       FROM restaurants_rating s WHERE s.restaurant_id = r.id), 3)"""
"""The mean of a place's stars and five more, one of each: the posterior mean under a uniform Dirichlet prior, Laplace's
rule of succession for five outcomes (E. Miller, "Ranking Items With Star Ratings", 2014). One review of five stars
makes 3.33, a hundred of 4.8 make 4.71; nobody's word makes 3."""


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort: by `key` of a filter, of the SQL type `type`, then by id."""

    key: Callable[[PlaceFilter], Fragment]
    type: str
    descending: bool = False
    id_descending: bool = False
    needs: Fragment | None = None
    """What must hold of a place for it to have a place in the order."""

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


def _column(sql: str) -> Callable[[PlaceFilter], Fragment]:
    return lambda _: Fragment(sql)


def _chord(asked: PlaceFilter) -> Fragment:
    if asked.point is None:
        raise ValueError("to sort by distance needs a point")
    return ground.from_point(asked.point)


BY_ID: Final = Order(_column("r.id"), "bigint")
"""As v3 lists."""

BY_RELEVANCE: Final = Order(lambda asked: closeness(asked.words), "numeric", descending=True)

ORDERS: Final[Mapping[Sort, Order]] = {
    "name": Order(_column("r.sort_name"), "varchar"),
    "-name": Order(_column("r.sort_name"), "varchar", descending=True, id_descending=True),
    "newest": Order(_column("r.created_at"), "timestamptz", descending=True, id_descending=True),
    "relevance": BY_RELEVANCE,
    "distance": Order(_chord, "float8", needs=ground.KNOWN),
    "-rating": Order(_column(BAYESIAN), "numeric", descending=True),
}
