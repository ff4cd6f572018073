"""The admin's pages for reviews."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from reviews.models import Review
from tests.reviews import world
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com", pk=900))
    return client


@pytest.mark.parametrize(("action", "state"), [("approve", "approved"), ("reject", "rejected")])
def test_an_action_decides_the_selected_reviews(action: str, state: str, moderator: Client) -> None:
    world.build()

    moderator.post("/admin/reviews/review/", {"action": action, "_selected_action": [104, 105]})

    assert list(Review.objects.filter(pk__in=[104, 105]).values_list("state", flat=True)) == [state, state]
    assert Review.objects.get(pk=101).version == 1


@pytest.mark.parametrize("rows", [0, 60])
def test_a_list_takes_the_same_queries_for_many_rows_as_for_few(
    rows: int, moderator: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()
    Review.objects.bulk_create(Review(restaurant_id=11, rating=5, content="Ten letters") for _ in range(rows))

    with django_assert_num_queries(4):
        answer = moderator.get("/admin/reviews/review/")

    assert answer.status_code == 200


def test_an_action_takes_the_same_queries_for_many_rows_as_for_few(
    moderator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()

    with django_assert_max_num_queries(8):
        moderator.post("/admin/reviews/review/", {"action": "approve", "_selected_action": [101, 102, 103, 104, 105]})


def test_the_form_takes_notes_and_leaves_the_authors_words_alone(moderator: Client) -> None:
    world.build()

    moderator.post("/admin/reviews/review/104/change/", {"moderator_notes": "Ask again.", "content": "Rewritten text."})

    review = Review.objects.get(pk=104)
    assert (review.moderator_notes, review.content) == ("Ask again.", "Waiting for a moderator.")


def test_nobody_writes_a_review_in_a_visitors_place(moderator: Client) -> None:
    assert moderator.get("/admin/reviews/review/add/").status_code == 403
