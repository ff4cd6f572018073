"""Reading the guide: what either contract asks the v4 engine, through the cache where the feature is on."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, TypeVar

import orjson
from pydantic import TypeAdapter

from jewgo.core.paging import Cursor, Page, PageRequest
from restaurants.filters import PlaceFilter, Sort, matching, order_of, relevance
from restaurants.freshness import CATALOGUE
from restaurants.places import read
from restaurants.queries import EXISTING, PUBLISHED, Clause, Slice, count, summed
from restaurants.repositories import UnknownRestaurant
from restaurants.spelling import normalise
from restaurants.values import (
    MAX_ID,
    Hit,
    KosherType,
    ListCriteria,
    Listing,
    Place,
    SearchCriteria,
    SearchResult,
    Statistics,
)
from rollout.switch import Toggle

T = TypeVar("T")

CACHE: Final = Toggle("api_v4_cache")

COUNTED: Final = ("meat", "dairy", "pareve")
_NUMBERS: Final = ", ".join(
    [
        "count(*), max(r.updated_at)",
        *(
            f"coalesce(array_agg(DISTINCT r.{name}) FILTER (WHERE r.{name} IS NOT NULL), '{{}}')"
            for name in ("state", "listing_type")
        ),
        *(f"count(*) FILTER (WHERE r.kosher_categories[1] = '{name}')" for name in COUNTED),
    ]
)

_LISTING: Final = TypeAdapter(Listing)
_RESULT: Final = TypeAdapter(SearchResult)
_PLACE: Final = TypeAdapter(Place)
_PAGE: Final = TypeAdapter(Page[Place])
_TYPES: Final = TypeAdapter(tuple[KosherType, ...])
_NAMES: Final = TypeAdapter(tuple[str, ...])
_STATISTICS: Final = TypeAdapter(Statistics)


def list_places(criteria: ListCriteria) -> Listing:
    """Return the window of approved places that match, by id."""
    if criteria.finds_nothing:
        return Listing((), 0)
    return _through_cache("list", criteria, _LISTING, lambda: _list(criteria))


def search(criteria: SearchCriteria) -> SearchResult:
    """Return the window of approved places in which every word occurs, or that hold words like these, the best first.

    Both sides are compared without case, accents, niqqud and variants of spelling; see `RestaurantQuerySet.matching`.
    """
    return _through_cache("search", criteria, _RESULT, lambda: _search(criteria))


def detail(restaurant_id: int) -> Place:
    """Return one approved place; raises `UnknownRestaurant` for what the public does not see."""
    require_possible(restaurant_id)
    return _through_cache("detail", restaurant_id, _PLACE, lambda: _one(restaurant_id, PUBLISHED))


def record(restaurant_id: int) -> Place:
    """Return one place in whatever state its record stands, for those who keep the catalogue; never cached."""
    require_possible(restaurant_id)
    return _one(restaurant_id, EXISTING)


def kosher_types() -> tuple[KosherType, ...]:
    """Return the categories that approved places show, the most frequent first."""
    return _through_cache("kosher_types", None, _TYPES, _kosher_types)


def business_types() -> tuple[str, ...]:
    """Return the listing types that approved places have, in the order of their letters."""
    return _through_cache("business_types", None, _NAMES, _business_types)


def statistics() -> Statistics:
    """Return the catalogue in numbers."""
    return _through_cache("statistics", None, _STATISTICS, _statistics)


def page(asked: PlaceFilter, sort: Sort, request: PageRequest) -> Page[Place]:
    """Return one page of the approved places that meet `asked`; raises `InvalidCursor`.

    The order `relevance` needs a text to be relevant to: `asked.q` must not be empty then.
    """
    key = [asdict(asked), sort, asdict(request)]
    return _through_cache("page", key, _PAGE, lambda: _page(asked, sort, request))


def _list(criteria: ListCriteria) -> Listing:
    asked = _asked(criteria)
    window = Slice(limit=criteria.limit, offset=criteria.offset)
    return Listing(tuple(place for place, _ in read(asked, part=window)), count(asked))


def _asked(criteria: ListCriteria) -> list[Clause]:
    asked = [PUBLISHED]
    if criteria.kosher_category is not None:
        shown = "r.kosher_categories[1] = %(category)s AND r.kosher_categories @> ARRAY[%(category)s]::varchar[]"
        asked.append(Clause(shown, {"category": criteria.kosher_category}))
    if criteria.state is not None:
        asked.append(Clause("upper(r.state) = %(state)s", {"state": criteria.state.strip().upper()}))
    if criteria.city is not None:
        asked.append(Clause("r.city IS NOT NULL AND r.city_key = %(city)s", {"city": normalise(criteria.city)}))
    if criteria.business_types:
        asked.append(Clause("r.listing_type = ANY(%(types)s)", {"types": list(criteria.business_types)}))
    return asked


def _search(criteria: SearchCriteria) -> SearchResult:
    asked, ranked = [PUBLISHED, matching(criteria.text)], relevance(criteria.text)
    window = Slice(limit=criteria.limit, offset=criteria.offset)
    found = read(asked, order=Clause(f"{ranked.sql} DESC, r.id"), part=window, extra=ranked)
    hits = tuple(Hit(place, float(value)) for place, value in found)
    return SearchResult(hits, count(asked))


def _kosher_types() -> tuple[KosherType, ...]:
    known = [PUBLISHED, Clause("r.kosher_categories <> '{}'")]
    types = [KosherType(*row) for row in summed("r.kosher_categories[1], count(*)", known, "GROUP BY 1")]
    return tuple(sorted(types, key=lambda kind: (-kind.count, kind.name)))


def _business_types() -> tuple[str, ...]:
    listed = [PUBLISHED, Clause("r.listing_type IS NOT NULL")]
    return tuple(sorted(name for (name,) in summed("DISTINCT r.listing_type", listed)))


def _statistics() -> Statistics:
    [(total, updated_at, states, listing_types, *counts)] = summed(_NUMBERS, [PUBLISHED])
    return Statistics(
        total_restaurants=total,
        states=tuple(sorted(states)),
        listing_types=tuple(sorted(listing_types)),
        counts_by_kosher_category=dict(zip(COUNTED, counts, strict=True)),
        last_updated=updated_at,
    )


def _page(asked: PlaceFilter, sort: Sort, request: PageRequest) -> Page[Place]:
    order, scope, where = order_of(sort, asked.q), _text([asdict(asked), sort]), asked.conditions()
    beyond = [order.beyond(Cursor.read(request.cursor, scope))] if request.cursor else []
    found = read([*where, *beyond], order=order.clause, part=Slice(limit=request.limit + 1), extra=order.key)
    cut = Page.cut(
        ((place, (_scalar(value), place.id)) for place, value in found),
        limit=request.limit,
        scope=scope,
        position=lambda row: row[1],
        total=count(where) if request.include_total else None,
    )
    return Page(tuple(place for place, _ in cut.items), cut.total, cut.next_cursor)


def _scalar(value: Any) -> str | float:
    """Return a sort key as a cursor can hold it, exactly."""
    return value if isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else float(value)


def _one(restaurant_id: int, seen: Clause) -> Place:
    for place, _ in read([seen, Clause("r.id = %(id)s", {"id": restaurant_id})]):
        return place
    raise UnknownRestaurant("Restaurant not found", meta={"resource_type": "Restaurant"})


def require_possible(restaurant_id: int) -> None:
    """Raise `UnknownRestaurant` for a number that no id can be: neither a query nor a cache key can hold it."""
    if not 0 < restaurant_id <= MAX_ID:
        raise UnknownRestaurant("Restaurant not found", meta={"resource_type": "Restaurant"})


def _through_cache(operation: str, asked: Any, adapter: TypeAdapter[T], compute: Callable[[], T]) -> T:
    """Return what `compute` says, from the cache where the feature is on for this caller."""
    if not CACHE.is_on():
        return compute()
    plain = CATALOGUE.get_or_compute(f"{operation}:{_text(asked)}", lambda: adapter.dump_python(compute(), mode="json"))
    return adapter.validate_python(plain)


def _text(asked: Any) -> str:
    return orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode()
