"""The v3 contract of reviews: each golden answer, from each engine."""

import json
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from reviews.models import Event, Review
from rollout.testing import at_stage
from tests.golden import Golden, goldens
from tests.reviews import world
from tests.users.credentials import sent_with, signed_in
from users.models import User

pytestmark = pytest.mark.django_db

GOLDENS = goldens(Path(__file__).parents[1] / "golden")
STAGES = ("disabled", "complete")
DRAFT = {"restaurantId": 11, "rating": 4, "content": "Fresh pita all day long."}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.name)
def test_every_engine_gives_the_golden_answer(golden: Golden, stage: str, client: Client) -> None:
    world.build()

    with at_stage("api_v4_reviews", stage):
        answer = golden.ask(client)

    golden.check(answer)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stage", STAGES)
def test_a_refused_review_leaves_nothing_behind(stage: str, client: Client) -> None:
    world.build()

    with at_stage("api_v4_reviews", stage):
        for golden in GOLDENS:
            if golden.line.startswith("POST") and golden.status >= 400:
                golden.ask(client)

    assert Review.objects.count() == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stage", STAGES)
def test_an_accepted_review_is_stored_once(stage: str, client: Client) -> None:
    world.build()

    with at_stage("api_v4_reviews", stage):
        answer = client.post("/api/reviews", DRAFT, "application/json", headers=sent_with("ops"))

    assert Review.objects.filter(content=DRAFT["content"]).get().pk == int(answer.json()["review"]["id"])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", "The body is not JSON"),
        (b"[]", "Validation failed"),
        (b'{"restaurantId": 1e999}', "The body is not JSON"),
        (b'{"restaurantId": 99999999999999999999, "rating": 4, "content": "Ten letters"}', "Validation failed"),
        (b'{"restaurantId": 11, "rating": 4.5, "content": "Ten letters"}', "Validation failed"),
        (b'{"restaurantId": 11, "rating": true, "content": "Ten letters"}', "Validation failed"),
        (b'{"restaurantId": 11, "rating": 4, "content": ["Ten letters"]}', "Validation failed"),
        (b'{"restaurantId": 11, "rating": 4, "content": "Ten letters", "images": ["javascript:x"]}', "Validation"),
        (b'{"restaurantId": 11, "rating": 4, "content": "Ten \\u0000 letters"}', "NUL"),
        (b"[" * 10_000 + b"]" * 10_000, "The body is not JSON"),
    ],
)
def test_a_malformed_review_is_refused_in_the_bare_shape(body: bytes, error: str, client: Client) -> None:
    world.build()

    answer = client.post("/api/reviews", body, "application/json", headers=sent_with("ops"))

    assert answer.status_code == 400
    assert next(iter(answer.json())) == "error"
    assert error in json.dumps(answer.json())


def test_every_answer_names_its_successor(client: Client) -> None:
    assert client.get("/api/reviews").headers["Link"] == '</api/v4/reviews>; rel="successor-version"'


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("caller", [None, world.DANA, world.READER, "reviews:read"])
def test_neither_address_nor_notes_are_shown_to_anybody_but_moderators(
    caller: int | str | None, stage: str, client: Client
) -> None:
    world.build()
    headers = sent_with(caller) if isinstance(caller, str) else signed_in(User.objects.get(pk=caller)) if caller else {}

    with at_stage("api_v4_reviews", stage):
        answer = client.get("/api/reviews?status=all", headers=headers)

    assert "@example.com" not in answer.content.decode()
    assert "The owner called." not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stage", STAGES)
def test_a_second_review_of_a_place_leads_to_the_first(stage: str, client: Client) -> None:
    world.build()

    with at_stage("api_v4_reviews", stage):
        answer = client.post("/api/reviews", DRAFT, "application/json", headers=signed_in(User.objects.get(pk=3)))

    assert (answer.status_code, answer.headers["Location"]) == (409, "/api/reviews/101")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("said", "state", "reason", "notes"),
    [
        ({"status": "rejected"}, "rejected", "No reason was given.", "The owner called."),
        ({"status": "rejected", "reason": "Not a guest."}, "rejected", "Not a guest.", "The owner called."),
        ({"status": "pending", "moderator_notes": "Ask again."}, "pending", "", "Ask again."),
        ({"moderator_notes": ""}, "approved", "", ""),
    ],
)
def test_what_a_moderator_decides_is_stored(
    said: dict[str, str], state: str, reason: str, notes: str, stage: str, client: Client
) -> None:
    world.build()
    headers = signed_in(User.objects.get(pk=world.MODERATOR))

    with at_stage("api_v4_reviews", stage):
        client.put("/api/admin/reviews", {"reviewId": "103"} | said, "application/json", headers=headers)

    review = Review.objects.get(pk=103)
    assert (review.state, review.state_reason, review.moderator_notes) == (state, reason, notes)
    assert Event.objects.get().actor == "u:5"


@pytest.mark.parametrize("stage", STAGES)
def test_a_moderators_list_takes_three_queries_however_long_it_is(
    stage: str, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()
    headers = sent_with("ops")
    client.get("/api/admin/reviews", headers=headers)

    with at_stage("api_v4_reviews", stage), django_assert_num_queries(4):  # one for the key
        client.get("/api/admin/reviews?limit=100", headers=headers)


@pytest.mark.parametrize("stage", STAGES)
def test_a_list_takes_two_queries_however_long_it_is(
    stage: str, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()

    with at_stage("api_v4_reviews", stage), django_assert_num_queries(2):
        client.get("/api/reviews?limit=100")
