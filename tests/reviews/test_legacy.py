"""The v3 engine of reviews gives the values that the v4 engine gives."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jewgo.core.paging import Window
from reviews import legacy
from reviews.models import Review
from reviews.services import ReviewService
from reviews.values import (
    EVERY_STATE,
    PUBLISHED,
    Draft,
    PlaceNotReviewable,
    ReviewCriteria,
    ReviewNotFound,
    Slice,
    Wanted,
)
from tests.reviews import world

pytestmark = pytest.mark.django_db

SERVICE = ReviewService()


@pytest.mark.parametrize(
    "criteria",
    [
        ReviewCriteria(),
        ReviewCriteria(EVERY_STATE),
        ReviewCriteria(frozenset()),
        ReviewCriteria(frozenset({"rejected", "pending"})),
        ReviewCriteria(restaurant_id=11),
        ReviewCriteria(restaurant_id=2**63 - 1),
        ReviewCriteria(ratings=frozenset({1, 5})),
    ],
)
@pytest.mark.parametrize("window", [Window(10), Window(1, 1), Window(0), Window(5, 99)])
def test_both_engines_give_the_same_window(criteria: ReviewCriteria, window: Window) -> None:
    world.build()
    asked = Slice(criteria, window)

    assert legacy.list_reviews(asked) == SERVICE.page(asked)


@pytest.mark.parametrize("pk", [101, 102, 103, 104, 105])
def test_both_engines_give_the_same_review(pk: int) -> None:
    world.build()
    wanted = Wanted(pk, EVERY_STATE)

    assert legacy.detail(wanted) == SERVICE.get(wanted)


@pytest.mark.parametrize("wanted", [Wanted(999), Wanted(104, PUBLISHED), Wanted(101, frozenset({"pending"}))])
def test_both_engines_know_nothing_of_a_review_that_may_not_be_seen(wanted: Wanted) -> None:
    world.build()

    for engine in (legacy.detail, SERVICE.get):
        with pytest.raises(ReviewNotFound):
            engine(wanted)


@pytest.mark.parametrize(
    "draft",
    [
        Draft(11, 5, "Ten letters", "A title", ("https://img.example/1.jpg", "https://img.example/2.jpg")),
        Draft(12, 1, "היה קר ולא טעים."),
    ],
)
def test_both_engines_store_the_same_review(draft: Draft) -> None:
    world.build()

    older, newer = legacy.create(draft), SERVICE.create(draft)

    same: dict[str, Any] = {"id": 0, "created_at": world.WRITTEN_AT, "updated_at": world.WRITTEN_AT}
    assert replace(older, **same) == replace(newer, **same)
    assert abs(newer.created_at - older.created_at) < timedelta(seconds=5)
    rows = Review.objects.filter(pk__in=[older.id, newer.id]).values()
    assert len({str({**row, **same}) for row in rows}) == 1


@pytest.mark.parametrize("place", [13, 999])
def test_both_engines_refuse_a_place_that_is_not_published(place: int) -> None:
    world.build()

    for engine in (legacy.create, SERVICE.create):
        with pytest.raises(PlaceNotReviewable):
            engine(Draft(place, 5, "Ten letters"))


def test_what_the_v3_engine_stores_is_dated_now() -> None:
    world.build()

    assert timezone.now() - legacy.create(Draft(11, 5, "Ten letters")).created_at < timedelta(seconds=5)


def test_a_list_takes_two_queries_however_long_it_is(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    world.build()

    with django_assert_num_queries(2):
        legacy.list_reviews(Slice(ReviewCriteria(), Window(100)))


def test_the_v3_engine_answers_a_list_and_says_so(client: Client) -> None:
    answer = client.get("/api/reviews")

    assert answer.headers["X-JewGo-Served-By"].startswith("v3; feature=api_v4_reviews; reason=")
