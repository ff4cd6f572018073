"""Lists of reviews and one review in the v4 contract: who sees what, in which shape and order."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from reviews.models import Flag, Reply, Review
from rollout.testing import at_stage
from tests.reviews import world
from tests.reviews.v4.calls import by, problem, read
from tests.users.credentials import sent_with

pytestmark = pytest.mark.django_db


def ids(client: Client, query: str = "", **headers: str) -> list[int]:
    answer = client.get(f"/api/v4/reviews{query}", headers=headers)
    assert answer.status_code == 200, answer.content
    return [review["id"] for review in answer.json()["data"]]


def test_a_list_holds_approved_reviews_the_latest_first(client: Client) -> None:
    world.build()

    assert ids(client) == [103, 102, 101]


@pytest.mark.parametrize(
    ("query", "found"),
    [("?restaurant=11", [102, 101]), ("?rating=1&rating=5", [103, 101]), ("?restaurant=9223372036854775807", [])],
)
def test_filters_narrow_a_list(query: str, found: list[int], client: Client) -> None:
    world.build()

    assert ids(client, query) == found


def test_a_review_is_shown_without_anything_personal_but_the_name(client: Client) -> None:
    world.build()

    answer = client.get("/api/v4/reviews/101")

    assert answer.json() == {
        "success": True,
        "data": {
            "id": 101,
            "restaurant_id": 11,
            "author": {"id": 3, "name": "Dana Levi"},
            "rating": 5,
            "title": "Great bagels",
            "content": "The best bagels in town.",
            "images": ["https://img.example/1.jpg"],
            "status": "approved",
            "helpful_count": 2,
            "created_at": "2025-08-01T12:00:00+00:00",
            "updated_at": "2025-08-02T09:30:15.250000+00:00",
            "reply": None,
        },
        "meta": {},
    }


def test_what_is_not_approved_needs_a_key_that_may_read_it(client: Client) -> None:
    world.build()

    assert client.get("/api/v4/reviews?status=pending").status_code == 403
    assert client.get("/api/v4/reviews/104").status_code == 404
    assert ids(client, "?status=pending", **sent_with("reviews:read")) == [104]
    assert client.get("/api/v4/reviews/104", headers=sent_with("reviews:read")).status_code == 200


def test_an_unknown_review_is_a_problem_with_a_code(client: Client) -> None:
    for pk in ("999", "9" * 30):
        answer = client.get(f"/api/v4/reviews/{pk}")

        assert answer.status_code == 404
        assert answer.json()["code"] == "review_not_found"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?restuarant=11", "unknown_parameter"),
        ("?rating=6", "max_value"),
        ("?restaurant=abc", "invalid"),
        ("?restaurant=99999999999999999999", "out_of_range"),
        ("?status=all", "invalid_choice"),
        ("?cursor=forged", "invalid_cursor"),
        ("?limit=abc", "invalid"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(query: str, code: str, client: Client) -> None:
    answer = client.get(f"/api/v4/reviews{query}")

    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == [code]


def test_pages_follow_one_another_by_cursor(client: Client) -> None:
    world.build()

    first = client.get("/api/v4/reviews?limit=2&include_total=true").json()
    second = client.get(f"/api/v4/reviews?limit=2&cursor={first['meta']['next_cursor']}").json()

    assert first["meta"]["total"] == 3
    assert [review["id"] for review in second["data"]] == [101]
    assert second["meta"]["next_cursor"] is None


def test_what_has_not_changed_is_not_sent_again(client: Client) -> None:
    world.build()

    for path in ("/api/v4/reviews", "/api/v4/reviews/101"):
        etag = client.get(path).headers["ETag"]
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_the_gate_closed_points_to_v3(client: Client) -> None:
    with at_stage("api_v4_reviews", "disabled"):
        answer = client.get("/api/v4/reviews/101")

    assert answer.status_code == 404
    assert answer.json()["code"] == "feature_disabled"
    assert answer.headers["Link"] == '</api/reviews/101>; rel="alternate"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_list_takes_one_query_however_long_it_is(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()

    with django_assert_num_queries(1):
        client.get("/api/v4/reviews?limit=100")


@pytest.mark.parametrize("path", ["/api/v4/reviews", "/api/v4/reviews/101"])
def test_an_unknown_parameter_is_refused(client: Client, path: str) -> None:
    world.build()

    answer = client.get(path, {"fileds": "id"})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown_parameter")


def test_a_person_sees_all_of_their_own_and_why(client: Client) -> None:
    world.build()
    Review.objects.filter(pk=105).update(state_reason="It is an advertisement.")

    [rejected, approved] = read(by(world.DANA, "GET", "?user=me"))
    pending = read(by(world.DANA, "GET", "?user=me&status=pending"))

    assert (rejected["id"], rejected["status"], rejected["status_reason"]) == (
        105,
        "rejected",
        "It is an advertisement.",
    )
    assert (approved["id"], approved["status_reason"], pending) == (101, None, [])
    assert "moderation" not in rejected
    problem(by(None, "GET", "?user=me"), 401, "unauthenticated")


def test_moderators_see_addresses_notes_and_flags(client: Client) -> None:
    world.build()
    Flag.objects.create(review_id=101, user_id=world.READER, reason="spam")

    shown = read(by(world.MODERATOR, "GET", "/101"))
    of_nobody = read(by(world.MODERATOR, "GET", "/103"))

    assert shown["moderation"] == {
        "author_email": "dana@example.com", "notes": None, "report_count": 1, "open_flag_count": 1,
    }  # fmt: skip
    assert (of_nobody["moderation"]["author_email"], of_nobody["moderation"]["notes"]) == (None, "The owner called.")


def test_what_waits_is_for_moderators(client: Client) -> None:
    world.build()

    for query in ("?status=pending", "?sort=oldest", "?sort=most_flagged"):
        problem(by(world.DANA, "GET", query), 403, "forbidden")
    assert [one["id"] for one in read(by(world.MODERATOR, "GET", "?status=pending&sort=oldest"))] == [104]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?sort=created", [101, 102, 103]),
        ("?sort=-rating", [101, 102, 103]),
        ("?sort=rating", [103, 102, 101]),
        ("?sort=-helpful", [101, 103, 102]),
        ("?has_reply=true", [102]),
        ("?has_reply=false", [103, 101]),
    ],
)
def test_a_list_is_sorted_and_kept_as_it_is_asked_for(query: str, found: list[int], client: Client) -> None:
    world.build()
    Reply.objects.create(review_id=102, content="Thank you.")

    assert ids(client, query) == found


def test_a_reply_is_shown_with_its_review(client: Client) -> None:
    world.build()
    Reply.objects.create(review_id=102, content="Thank you.", created_at=world.WRITTEN_AT, updated_at=world.CHANGED_AT)

    assert client.get("/api/v4/reviews/102").json()["data"]["reply"] == {
        "content": "Thank you.",
        "created_at": "2025-08-01T12:00:00+00:00",
        "updated_at": "2025-08-02T09:30:15.250000+00:00",
    }
