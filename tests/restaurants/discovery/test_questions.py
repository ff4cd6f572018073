"""Every filter and sort, in combinations that hypothesis picks, against a plain-Python oracle over the sample guide."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from jewgo.core.paging import PageRequest
from restaurants import services
from restaurants.discovery.facets import FACETS, MOST_VALUES
from restaurants.filters import Choice, PlaceFilter, Question
from restaurants.geometry import Box, Point
from restaurants.kosher import Attribute, Category, Level
from tests.restaurants.discovery.oracle import Oracle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("whole_guide")]

CITIES = ("Miami", "miami beach", "תל אביב", "Tel Aviv-Yafo", "Surfside", "Brooklyn", "Nowhere")
AGENCIES = ("ORB", "orthodox union", "OU", "Kosher Miami", "KM", "COR", "KLBD", "tel aviv yafo rabbinate")
PLACES = (
    Point(25.95, -80.14),
    Point(32.08, 34.78),
    Point(40.62, -73.97),
    Point(0, 180),
    Point(90, 0),
    Point(-40, -179),
)


def choices(*values: str) -> some.SearchStrategy[Choice]:
    """Pick what is wanted and what is not, without contradiction."""
    picked = some.lists(some.sampled_from(values), max_size=3, unique=True)
    parted = some.tuples(picked, some.sets(some.sampled_from(values)))
    return some.just(Choice()) | parted.map(
        lambda both: Choice(
            tuple(value for value in both[0] if value not in both[1]),
            tuple(value for value in both[0] if value in both[1]),
        )
    )


def maybe(strategy: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    """Pick a value, or do not ask."""
    return some.none() | strategy


LEVEL = choices(*Level.values, "unknown")
FILTERS = some.builds(
    PlaceFilter,
    kosher_category=choices(*Category.values, "unknown"),
    agency=choices(*AGENCIES),
    city=choices(*CITIES),
    state=choices("FL", "ny", "NJ", "Florida"),
    country=choices("US", "IL", "gb", "CA"),
    listing_type=choices("restaurant", "Bakery", "cafe", "catering", "unknown"),
    price_range=choices("$", "$$", "$$$", "$$$$", "unknown"),
    certified_on=maybe(some.dates(date(2023, 6, 1), date(2027, 1, 1))),
    min_rating=maybe(some.floats(1, 5, width=16)),
    has_reviews=maybe(some.booleans()),
    has_hours=maybe(some.booleans()),
    point=maybe(some.sampled_from(PLACES)),
    radius_m=maybe(some.sampled_from([1.0, 300.0, 5_000.0, 60_000.0, 9_000_000.0, 20_015_087.0])),
    box=maybe(
        some.builds(
            lambda w, e, lats: Box(w, min(lats), e, max(lats)),
            some.floats(-180, 180),
            some.floats(-180, 180),
            some.tuples(some.floats(-90, 90), some.floats(-90, 90)),
        )
    ),
    ids=some.just(()) | some.lists(some.integers(1, 700), min_size=1, max_size=200).map(tuple),
    **{attribute: some.just(Choice()) | LEVEL for attribute in Attribute.values},
)
SORTS = some.sampled_from(["name", "-name", "newest", "distance", "-rating"])


def sparse(asked: PlaceFilter, kept: set[str]) -> PlaceFilter:
    """Ask for `kept` only: all filters at once find nothing."""
    given_up = {name: default for name, default in _defaults().items() if name not in kept | {"point"}}
    return replace(asked, **given_up)


def _defaults() -> dict[str, Any]:
    return {name: field.default for name, field in PlaceFilter.__dataclass_fields__.items()}


@some.composite
def questions(draw: Callable[..., Any]) -> Question:
    """Pick up to four filters and a sort."""
    kept = draw(some.sets(some.sampled_from(sorted(_defaults())), max_size=4))
    asked = sparse(draw(FILTERS), kept)
    sort = draw(SORTS)
    assume(asked.point is not None or (asked.radius_m is None and sort != "distance"))
    return Question(filter=asked, sort=sort)


@pytest.fixture(scope="module")
def oracle(whole_guide: None, django_db_blocker: Any) -> Oracle:
    with django_db_blocker.unblock():
        return Oracle()


def walked(question: Question, limit: int) -> list[int]:
    """Return the ids of all pages, one after the other."""
    found, cursor = [], None
    while True:
        page, _ = services.page(question, PageRequest(limit=limit, cursor=cursor))
        found += [row.place.id for row in page.items]
        if (cursor := page.next_cursor) is None:
            return found


def grouped(ids: list[int], key: Callable[[int], Any]) -> list[set[int]]:
    """Return runs of ids that the order cannot tell apart."""
    runs: list[tuple[Any, set[int]]] = []
    for pk in ids:
        if not runs or runs[-1][0] != key(pk):
            runs.append((key(pk), set()))
        runs[-1][1].add(pk)
    return [run for _, run in runs]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(question=questions(), limit=some.sampled_from([67, 100]))
def test_it_finds_what_the_oracle_finds_in_the_same_order(oracle: Oracle, question: Question, limit: int) -> None:
    found, expected = walked(question, limit), oracle.ids(question)

    if question.sort == "distance":  # to a tenth of a millimetre the formulas agree, and no further
        by_id = {place.pk: place for place in oracle.places}
        key = lambda pk: oracle.distance_key(question, by_id[pk])  # noqa: E731
        assert grouped(found, key) == grouped(expected, key)
    else:
        assert found == expected
    assert len(set(found)) == len(found)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(question=questions())
def test_totals_and_facets_count_the_whole_result(oracle: Oracle, question: Question) -> None:
    page, facets = services.page(replace(question, facets=tuple(FACETS)), PageRequest(limit=1, include_total=True))

    assert page.total == len(oracle.ids(question))
    for name, counts in facets.items():
        expected = oracle.facet(name, question)
        if name == "city":
            assert sum(count.count for count in counts) <= sum(expected.values())
        elif len(expected) <= MOST_VALUES and name != "agency":
            assert {count.value: count.count for count in counts} == dict(expected)
        elif name == "agency":
            assert {count.value: count.count for count in counts}.items() <= expected.items()
        assert [count.count for count in counts] == sorted((count.count for count in counts), reverse=True)
