"""What the database refuses about reviews."""

from typing import Any

import pytest
from django.db import IntegrityError

from reviews.models import Review
from tests.reviews import world
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"rating": 0}, "reviews_review_rating_1_to_5"),
        ({"rating": 6}, "reviews_review_rating_1_to_5"),
        ({"content": "נ" * 9}, "reviews_review_content_length"),
        ({"content": "x" * 1001}, "reviews_review_content_length"),
        ({"state": "published"}, "reviews_review_known_state"),
        ({"images": ["https://img.example/1.jpg"] * 11}, "reviews_review_few_images"),
        ({"user_id": 3}, "reviews_review_one_per_user_and_place"),
    ],
)
def test_the_database_refuses_a_review_that_makes_no_sense(fields: dict[str, Any], constraint: str) -> None:
    world.build()
    sound = {"restaurant_id": 11, "rating": 5, "content": "Ten letters"}

    with pytest.raises(IntegrityError, match=constraint):
        Review.objects.create(**sound | fields)


@pytest.mark.parametrize("content", ["נ" * 10, "x" * 1000])
def test_lengths_are_counted_in_characters(content: str) -> None:
    world.build()

    assert Review.objects.create(restaurant_id=12, rating=1, content=content).pk


def test_reviews_without_a_person_may_be_many() -> None:
    world.build()

    for _ in range(2):
        Review.objects.create(restaurant_id=11, rating=5, content="Ten letters")

    assert Review.objects.filter(restaurant_id=11, user=None).count() == 3


def test_a_person_who_leaves_leaves_their_reviews() -> None:
    world.build()

    User.objects.get(pk=3).delete()

    assert Review.objects.get(pk=101).user is None
