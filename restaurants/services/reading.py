"""Reading the guide: what either contract asks the v4 engine, through the cache where the feature is on."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, TypeVar

import orjson
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Q
from pydantic import TypeAdapter

from jewgo.core.paging import Cursor, Page, PageRequest
from restaurants.filters import ORDERS, Order, PlaceFilter, Sort
from restaurants.freshness import CATALOGUE
from restaurants.models import Restaurant
from restaurants.places import read
from restaurants.repositories import RestaurantCriteria, RestaurantQuerySet, UnknownRestaurant
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
    return _through_cache("detail", restaurant_id, _PLACE, lambda: _one(restaurant_id, Restaurant.objects.published()))


def record(restaurant_id: int) -> Place:
    """Return one place in whatever state its record stands, for those who keep the catalogue; never cached."""
    require_possible(restaurant_id)
    return _one(restaurant_id, Restaurant.objects.get_queryset().existing())


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
    found = Restaurant.objects.meeting(
        RestaurantCriteria(
            shown_category=criteria.kosher_category,
            state=criteria.state,
            city=criteria.city,
            listing_types=criteria.business_types,
        )
    )
    window = found.order_by("pk")[criteria.offset : criteria.offset + criteria.limit]
    return Listing(tuple(place for place, _ in read(window)), found.count())


def _search(criteria: SearchCriteria) -> SearchResult:
    found = Restaurant.objects.published().matching(criteria.text)
    window = found.ranked(criteria.text)[criteria.offset : criteria.offset + criteria.limit]
    hits = tuple(Hit(place, float(relevance)) for place, (relevance,) in read(window, "relevance"))
    return SearchResult(hits, found.count())


def _kosher_types() -> tuple[KosherType, ...]:
    known = Restaurant.objects.published().exclude(kosher_categories=[])
    counts = known.values_list("kosher_categories__0").annotate(count=Count("pk")).order_by()
    types = [KosherType(name, count) for name, count in counts]
    return tuple(sorted(types, key=lambda kind: (-kind.count, kind.name)))


def _business_types() -> tuple[str, ...]:
    names = Restaurant.objects.published().order_by().values_list("listing_type", flat=True).distinct()
    return tuple(sorted(filter(None, names)))


def _statistics() -> Statistics:
    shown = {name: Count("pk", filter=Q(kosher_categories__0=name)) for name in COUNTED}
    numbers = Restaurant.objects.published().aggregate(
        total=Count("pk"),
        last_updated=Max("updated_at"),
        states=ArrayAgg("state", distinct=True, filter=Q(state__isnull=False), default=[]),
        listing_types=ArrayAgg("listing_type", distinct=True, filter=Q(listing_type__isnull=False), default=[]),
        **shown,
    )
    return Statistics(
        total_restaurants=numbers["total"],
        states=tuple(sorted(numbers["states"])),
        listing_types=tuple(sorted(numbers["listing_types"])),
        counts_by_kosher_category={name: numbers[name] for name in COUNTED},
        last_updated=numbers["last_updated"],
    )


def _page(asked: PlaceFilter, sort: Sort, request: PageRequest) -> Page[Place]:
    order, scope = ORDERS[sort], _text([asdict(asked), sort])
    found = asked.apply()
    ordered = _ordered(found, asked, order)
    if request.cursor:
        ordered = ordered.filter(order.beyond(Cursor.read(request.cursor, scope)))
    rows = read(ordered[: request.limit + 1], order.key)
    total = found.count() if request.include_total else None
    cut = Page.cut(
        ((place, (_scalar(value), place.id)) for place, (value,) in rows),
        limit=request.limit,
        scope=scope,
        position=lambda row: row[1],
        total=total,
    )
    return Page(tuple(place for place, _ in cut.items), cut.total, cut.next_cursor)


def _ordered(found: RestaurantQuerySet, asked: PlaceFilter, order: Order) -> RestaurantQuerySet:
    places = found.ranked(asked.q) if order.key == "relevance" else found
    return places.order_by(*order.columns)


def _scalar(value: Any) -> str | float:
    """Return a sort key as a cursor can hold it, exactly."""
    return value if isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else float(value)


def _one(restaurant_id: int, places: RestaurantQuerySet) -> Place:
    for place, _ in read(places.filter(pk=restaurant_id)):
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
