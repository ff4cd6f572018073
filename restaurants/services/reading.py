"""Reading the guide: what either contract asks the v4 engine, through the cache where the feature is on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

import orjson
from pydantic import TypeAdapter

from jewgo.core.cache import Namespace
from jewgo.core.paging import Cursor, Page, PageRequest
from restaurants.discovery import overviews
from restaurants.discovery.columns import ids
from restaurants.discovery.conditions import listing
from restaurants.discovery.fragments import EXISTING, NOTHING, PUBLISHED, Fragment, answer, every
from restaurants.discovery.orders import BY_ID, BY_RELEVANCE
from restaurants.discovery.statement import HIT, PLACE, TOTAL, Shown, answering, listed, one
from restaurants.discovery.vocabulary import spelled
from restaurants.discovery.words import holding, relevance
from restaurants.filters import Question
from restaurants.freshness import CATALOGUE
from restaurants.repositories import UnknownRestaurant
from restaurants.spelling import normalise
from restaurants.values import (
    MAX_ID,
    FacetCount,
    Found,
    Hit,
    KosherType,
    ListCriteria,
    Listing,
    Place,
    SearchCriteria,
    SearchResult,
    Sighting,
    Statistics,
)
from rollout.switch import Toggle

T = TypeVar("T")
R = TypeVar("R")

CACHE: Final = Toggle("api_v4_cache")


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """A window of rows, and how many there are in all."""

    rows: tuple[R, ...]
    total: int


_LISTING: Final = TypeAdapter(Rows[Place])
_RESULT: Final = TypeAdapter(Rows[Hit])
_FOUND: Final = TypeAdapter(Found)
_SEVERAL: Final = TypeAdapter(dict[str, tuple[Place, ...]])
_PLACE: Final = TypeAdapter(Place)
_TYPES: Final = TypeAdapter(tuple[KosherType, ...])
_NAMES: Final = TypeAdapter(tuple[str, ...])
_STATISTICS: Final = TypeAdapter(Statistics)


def kept() -> Namespace | None:
    """Return where answers made of the guide are kept; None where the feature is off for this caller."""
    return CATALOGUE if CACHE.is_on() else None


def list_places(criteria: ListCriteria) -> Listing:
    """Return the window of approved places that match, by id."""
    if criteria.finds_nothing:
        return Listing((), 0)
    found = read("list", criteria, _LISTING, lambda: _list(criteria))
    return Listing(found.rows, found.total)


def search(criteria: SearchCriteria) -> SearchResult:
    """Return the window of approved places in which every word occurs, or that hold words like these, the best first.

    Both sides are compared without case, accents, niqqud and variants of spelling; see `restaurants.discovery.words`.
    """
    found = read("search", criteria, _RESULT, lambda: _search(criteria))
    return SearchResult(found.rows, found.total)


def detail(restaurant_id: int) -> Place:
    """Return one approved place; raises `UnknownRestaurant` for what the public does not see."""
    require_possible(restaurant_id)
    return read("detail", restaurant_id, _PLACE, lambda: _one(restaurant_id, PUBLISHED))


def record(restaurant_id: int) -> Place:
    """Return one place in whatever state its record stands, for those who keep the catalogue; never cached."""
    require_possible(restaurant_id)
    return _PLACE.validate_json(_told(_one(restaurant_id, EXISTING)))


def whole(numbers: Sequence[int]) -> tuple[Place, ...]:
    """Return the places with these ids that are not deleted, in the order of `numbers`; never cached."""
    asked = every((EXISTING, ids(tuple(numbers))))
    statement = listed(asked, order=BY_ID, key=Fragment("r.id"), shown=Shown(PLACE, {}), limit=len(numbers))
    found = {place.id: place for place in _SEVERAL.validate_json(_told(statement))["rows"]}
    return tuple(found[pk] for pk in numbers if pk in found)


def kosher_types() -> tuple[KosherType, ...]:
    """Return the categories that approved places show, the most frequent first."""
    return read("kosher_types", None, _TYPES, lambda: overviews.KOSHER_TYPES)


def business_types() -> tuple[str, ...]:
    """Return the listing types that approved places have, in the order of their letters."""
    return read("business_types", None, _NAMES, lambda: overviews.BUSINESS_TYPES)


def statistics() -> Statistics:
    """Return the catalogue in numbers."""
    return read("statistics", None, _STATISTICS, lambda: overviews.STATISTICS)


def page(question: Question, request: PageRequest) -> tuple[Page[Sighting], Mapping[str, tuple[FacetCount, ...]]]:
    """Return one page of the approved places that meet the question, and its facets; raises `InvalidCursor`.

    Never cached: the contract that shows it keeps its whole answer (`kept`).

    The order `relevance` needs a text to be relevant to, `distance` a point to be far from.
    """
    scope = _text([question.filter, question.sort])
    after = Cursor.read(request.cursor, scope) if request.cursor else None
    asked = answering(understood(question), limit=request.limit + 1, after=after, counted=request.include_total)
    found = _FOUND.validate_json(_told(asked))
    cut = Page.cut(
        found.rows,
        limit=request.limit,
        scope=scope,
        position=lambda row: (row.key, row.place.id),
        total=found.total,
    )
    return cut, found.facets


def understood(question: Question) -> Question:
    """Return the question with what its text means in the guide's own words; one query where there is a text."""
    if not question.filter.q:
        return question
    return replace(question, filter=replace(question.filter, words=spelled(question.filter.q)))


def require_possible(restaurant_id: int) -> None:
    """Raise `UnknownRestaurant` for a number that no id can be: neither a query nor a cache key can hold it."""
    if not 0 < restaurant_id <= MAX_ID:
        raise unknown()


def _list(criteria: ListCriteria) -> Fragment:
    return listed(
        listing(criteria),
        order=BY_ID,
        key=Fragment("r.id"),
        shown=Shown(PLACE, {"total": TOTAL}),
        limit=criteria.limit,
        offset=criteria.offset,
    )


def _search(criteria: SearchCriteria) -> Fragment:
    return listed(
        every((PUBLISHED, holding(criteria.text) if normalise(criteria.text) else NOTHING)),
        order=BY_RELEVANCE,
        key=relevance(criteria.text),
        shown=Shown(HIT, {"total": TOTAL}),
        limit=criteria.limit,
        offset=criteria.offset,
    )


def _one(restaurant_id: int, visible: Fragment) -> Fragment:
    return one(every((Fragment("r.id = %(id)s", {"id": restaurant_id}), visible)))


def read(operation: str, asked: Any, adapter: TypeAdapter[T], statement: Callable[[], Fragment]) -> T:
    """Return what the statement tells, from the cache where the feature is on for this caller."""
    if not CACHE.is_on():
        return adapter.validate_json(_told(statement()))
    return CATALOGUE.read_as(f"{operation}:{_text(asked)}", lambda: _told(statement()), adapter.validate_json)


def _told(statement: Fragment) -> str:
    text = answer(statement)
    if text is None:
        raise unknown()
    return text


def unknown() -> UnknownRestaurant:
    """Return the one answer to whatever the public does not see."""
    return UnknownRestaurant("Restaurant not found", meta={"resource_type": "Restaurant"})


def _text(asked: Any) -> str:
    return orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode()
