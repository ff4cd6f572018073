"""What the database refuses about reviews."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from restaurants.models import Rating
from reviews.models import Flag, Reply, Review, Vote
from tests.reviews import world
from tests.reviews.recount import differences
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


@pytest.mark.parametrize("model", [Flag, Vote])
def test_the_database_refuses_a_judgement_of_ones_own_review(model: Any) -> None:
    world.build()
    said = {"reason": "spam"} if model is Flag else {}

    with pytest.raises(IntegrityError, match="their own review"):
        model.objects.create(review_id=101, user_id=world.DANA, **said)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"reason": "boring"}, "reviews_flag_known_reason"),
        ({"reason": "other"}, "reviews_flag_other_says_what"),
        ({"state": "upheld"}, "reviews_flag_open_until_decided"),
        ({"user_id": world.NAMELESS}, "reviews_flag_once"),
    ],
)
def test_the_database_refuses_a_flag_that_makes_no_sense(fields: dict[str, Any], constraint: str) -> None:
    world.build()
    Flag.objects.create(review_id=101, user_id=world.NAMELESS, reason="spam")

    with pytest.raises(IntegrityError, match=constraint):
        Flag.objects.create(**{"review_id": 101, "user_id": world.READER, "reason": "spam"} | fields)


def test_one_person_has_one_vote_for_a_review_and_a_reply_has_words() -> None:
    world.build()
    Vote.objects.create(review_id=101, user_id=world.READER)

    for work, constraint in (
        (lambda: Vote.objects.create(review_id=101, user_id=world.READER), "reviews_vote_once"),
        (lambda: Reply.objects.create(review_id=101, content="."), "reviews_reply_content_length"),
    ):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            work()


def test_a_thousand_votes_go_with_their_review_in_a_few_statements(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    world.build()
    Vote.objects.bulk_create(Vote(review_id=102) for _ in range(1000))
    counted = Review.objects.get(pk=102)

    with django_assert_max_num_queries(8):
        counted.delete()

    assert (counted.helpful_count, Vote.objects.count()) == (1000, 0)


@pytest.mark.parametrize("stars", [[0, 0, 0, 0, 2], [0, 0, 2, 0, 0], [1, 0, 0, 0]])
def test_stars_that_do_not_add_up_are_refused(stars: list[int]) -> None:
    world.build()

    with pytest.raises(IntegrityError, match="restaurants_rating_stars_add_up"):
        Rating.objects.filter(restaurant_id=11).update(stars=stars)


@pytest.mark.django_db(transaction=True)
def test_the_migration_counts_what_is_there_already() -> None:
    world.build()
    call_command("migrate", "reviews", "0003", verbosity=0)
    Rating.objects.update(stars=[0] * 5)

    call_command("migrate", "reviews", verbosity=0)

    assert differences() == []
    assert Rating.objects.get(restaurant_id=11).stars == [0, 0, 1, 0, 1]
