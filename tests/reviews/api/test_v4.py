"""The v4 contract of reviews."""

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from rollout.testing import at_stage
from tests.reviews import world
from tests.users.credentials import sent_with

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_gate_is_open() -> Iterator[None]:
    """Open the v4 contract to everybody."""
    with at_stage("api_v4_reviews", "full"):
        yield


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
