"""Reading reviews: what is found, in which order, and for whom."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from jewgo.core.paging import InvalidCursor, PageRequest, Window
from reviews import services
from reviews.models import Flag, Reply, Review
from reviews.refusals import ReviewNotFound
from reviews.services.reading import ORDERS
from reviews.values import EVERY_STATE, Caller, ReviewCriteria, Slice, Wanted
from tests.reviews import world

pytestmark = pytest.mark.django_db

EVERYTHING = ReviewCriteria(EVERY_STATE, caller=world.moderator())


def ids(criteria: ReviewCriteria, sort: str = "-created") -> list[int]:
    return [review.id for review in services.browse(criteria, PageRequest(), sort).items]


def test_only_approved_reviews_are_meant_unless_others_are_asked_for() -> None:
    world.build()

    listing = services.page(Slice(ReviewCriteria(), Window(10)))

    assert [review.id for review in listing.reviews] == [103, 102, 101]


@pytest.mark.parametrize(
    ("caller", "known"),
    [
        (Caller(), [103, 102, 101]),
        (world.person(world.DANA), [105, 103, 102, 101]),
        (world.person(world.NAMELESS), [103, 102, 101]),
        (Caller(sees_all=True), [105, 104, 103, 102, 101]),
    ],
)
def test_what_is_not_approved_is_known_to_its_author_and_to_moderators(caller: Caller, known: list[int]) -> None:
    world.build()

    assert ids(ReviewCriteria(EVERY_STATE, caller=caller)) == known


def test_addresses_and_notes_are_told_to_moderators_only() -> None:
    world.build()

    shown = {who: services.get(Wanted(101, who)) for who in (Caller(sees_all=True), world.person(world.DANA))}
    told = services.get(Wanted(101, world.moderator()))

    assert all("dana@example.com" not in repr(review) and review.notes is None for review in shown.values())
    assert (told.author.email if told.author else None, told.notes) == ("dana@example.com", "")


def test_a_review_in_another_state_is_as_unknown_as_one_that_never_was() -> None:
    world.build()

    for pk in (104, 105, 999, 0, 2**63):
        with pytest.raises(ReviewNotFound):
            services.get(Wanted(pk))


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ({"restaurant_id": 11}, [102, 101]),
        ({"ratings": frozenset({1, 5})}, [103, 101]),
        ({"has_reply": True}, [102]),
        ({"has_reply": False}, [103, 101]),
        ({"author_id": world.DANA, "states": EVERY_STATE, "caller": world.person(world.DANA)}, [105, 101]),
    ],
)
def test_each_criterion_keeps_what_it_names(criteria: dict[str, Any], found: list[int]) -> None:
    world.build()
    Reply.objects.create(review_id=102, content="Thank you.")

    assert ids(ReviewCriteria(**criteria)) == found


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("-created", [105, 104, 103, 102, 101]),
        ("created", [101, 102, 103, 104, 105]),
        ("-rating", [101, 104, 102, 105, 103]),
        ("rating", [103, 105, 102, 104, 101]),
        ("-helpful", [101, 105, 104, 103, 102]),
        ("oldest", [102, 103, 104, 105, 101]),
        ("most_flagged", [102, 105, 104, 103, 101]),
    ],
)
def test_each_order_is_that_of_its_name_and_pages_meet_in_it(sort: str, found: list[int]) -> None:
    world.build()
    Flag.objects.create(review_id=102, user_id=world.READER, reason="spam")

    pages: list[list[int]] = []
    cursor = None
    while cursor is not None or not pages:
        part = services.browse(EVERYTHING, PageRequest(limit=2, cursor=cursor), sort)
        pages.append([review.id for review in part.items])
        cursor = part.next_cursor

    assert [pk for page in pages for pk in page] == found


def test_there_is_a_test_for_every_order() -> None:
    assert set(ORDERS) == {"-created", "created", "-rating", "rating", "-helpful", "oldest", "most_flagged"}


def test_pages_meet_without_gap_or_repetition_while_reviews_come_in() -> None:
    world.build()

    first = services.browse(EVERYTHING, PageRequest(limit=3))
    Review.objects.create(restaurant_id=11, rating=4, content="Fresh pita all day.")
    second = services.browse(EVERYTHING, PageRequest(limit=3, cursor=first.next_cursor))

    assert [review.id for review in (*first.items, *second.items)] == [105, 104, 103, 102, 101]
    assert second.next_cursor is None


def test_a_cursor_belongs_to_its_filters_and_its_order() -> None:
    world.build()
    cursor = services.browse(ReviewCriteria(), PageRequest(limit=1)).next_cursor

    for criteria, sort in ((EVERYTHING, "-created"), (ReviewCriteria(), "rating")):
        with pytest.raises(InvalidCursor):
            services.browse(criteria, PageRequest(limit=1, cursor=cursor), sort)


@pytest.mark.parametrize(("asked", "queries"), [(PageRequest(), 1), (PageRequest(include_total=True), 2)])
def test_a_page_takes_a_constant_number_of_queries(
    asked: PageRequest, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()
    Reply.objects.create(review_id=102, content="Thank you.")

    with django_assert_num_queries(queries):
        services.browse(EVERYTHING, asked)


def test_one_review_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    world.build()

    with django_assert_num_queries(1):
        services.read(Wanted(101))
