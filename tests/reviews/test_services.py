"""The v4 engine of reviews."""

import pytest
from pytest_django import DjangoAssertNumQueries

from jewgo.core.paging import InvalidCursor, PageRequest, Window
from reviews.models import Review
from reviews.services import ReviewService
from reviews.values import EVERY_STATE, Draft, PlaceNotReviewable, ReviewCriteria, ReviewNotFound, Slice, Wanted
from tests.reviews import world

pytestmark = pytest.mark.django_db

SERVICE = ReviewService()


def test_only_approved_reviews_are_meant_unless_others_are_asked_for() -> None:
    world.build()

    listing = SERVICE.page(Slice(ReviewCriteria(), Window(10)))

    assert [review.id for review in listing.reviews] == [103, 102, 101]


def test_a_value_shows_the_authors_name_and_not_the_address() -> None:
    world.build()

    review = SERVICE.get(Wanted(101))

    assert review.author is not None
    assert review.author.name == "Dana Levi"
    assert "dana@example.com" not in repr(review)


def test_a_review_in_another_state_is_as_unknown_as_one_that_never_was() -> None:
    world.build()

    for pk in (104, 999):
        with pytest.raises(ReviewNotFound):
            SERVICE.get(Wanted(pk))


def test_a_new_review_waits_for_a_moderator_and_has_no_person() -> None:
    world.build()

    made = SERVICE.create(Draft(11, 4, "Fresh pita all day."))

    stored = Review.objects.get(pk=made.id)
    assert (stored.state, stored.user, made.author) == ("pending", None, None)


def test_a_place_that_is_not_published_takes_no_review() -> None:
    world.build()

    with pytest.raises(PlaceNotReviewable):
        SERVICE.create(Draft(13, 4, "Fresh pita all day."))

    assert Review.objects.count() == 5


def test_pages_meet_without_gap_or_repetition_while_reviews_come_in() -> None:
    world.build()
    everything = ReviewCriteria(EVERY_STATE)

    first = SERVICE.browse(everything, PageRequest(limit=3))
    SERVICE.create(Draft(11, 4, "Fresh pita all day."))
    second = SERVICE.browse(everything, PageRequest(limit=3, cursor=first.next_cursor))

    assert [review.id for review in (*first.items, *second.items)] == [105, 104, 103, 102, 101]
    assert second.next_cursor is None


def test_a_cursor_belongs_to_its_filters() -> None:
    world.build()
    cursor = SERVICE.browse(ReviewCriteria(), PageRequest(limit=1)).next_cursor

    with pytest.raises(InvalidCursor):
        SERVICE.browse(ReviewCriteria(EVERY_STATE), PageRequest(limit=1, cursor=cursor))


@pytest.mark.parametrize(("asked", "queries"), [(PageRequest(), 1), (PageRequest(include_total=True), 2)])
def test_a_page_takes_a_constant_number_of_queries(
    asked: PageRequest, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()

    with django_assert_num_queries(queries):
        SERVICE.browse(ReviewCriteria(EVERY_STATE), asked)


def test_detail_takes_one_query_and_creation_two(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    world.build()

    with django_assert_num_queries(1):
        SERVICE.get(Wanted(101))
    with django_assert_num_queries(2):
        SERVICE.create(Draft(11, 4, "Fresh pita all day."))
