"""Writing, changing and removing reviews in the v4 contract."""

from typing import Any

import pytest

from reviews.models import Review
from tests.reviews import world
from tests.reviews.v4.calls import LIST, by, problem, read

pytestmark = pytest.mark.usefixtures("stored")

NEW = {"restaurant_id": 11, "rating": 4, "content": "Fresh pita all day long."}


def test_a_review_is_taken_in_and_waits() -> None:
    answer = by(world.READER, "POST", body=NEW | {"title": "Fresh", "images": ["https://img.example/2.jpg"]})

    review = read(answer, 201)
    assert (review["status"], review["author"], review["images"]) == (
        "pending", {"id": 6, "name": "Yossi"}, ["https://img.example/2.jpg"],
    )  # fmt: skip
    assert answer.headers["Location"] == f"{LIST}/{review['id']}"
    assert by(world.READER, "GET", f"/{review['id']}").headers["ETag"] == answer.headers["ETag"]


def test_the_second_of_a_place_is_refused_with_a_link_to_the_first() -> None:
    answer = by(world.DANA, "POST", body=NEW)

    refusal = problem(answer, 409, "already_reviewed")
    assert (answer.headers["Location"], refusal["meta"]) == (f"{LIST}/101", {"review_id": 101})
    assert refusal["hint"] == "Change your review instead, or delete it first."


@pytest.mark.parametrize("place", [13, 999])
def test_a_place_that_is_not_published_is_named_at_its_member(place: int) -> None:
    refusal = problem(by(world.READER, "POST", body=NEW | {"restaurant_id": place}), 400, "place_not_reviewable")

    assert [error["pointer"] for error in refusal["errors"]] == ["/restaurant_id"]


@pytest.mark.parametrize(
    ("said", "pointer", "code"),
    [
        ({"rating": 0}, "/rating", "min_value"),
        ({"rating": 6}, "/rating", "max_value"),
        ({"content": f"  {'x' * 9}  "}, "/content", "min_length"),
        ({"content": "x" * 1001}, "/content", "max_length"),
        ({"title": "x" * 201}, "/title", "max_length"),
        ({"images": ["ftp://img.example/1.jpg"]}, "/images/0", "invalid"),
        ({"images": ["https://img.example/1.jpg"] * 11}, "/images", "max_length"),
        ({"user_id": 3}, "/user_id", "unknown_field"),
        ({"restaurant_id": 2**63}, "/restaurant_id", "out_of_range"),
    ],
)
def test_what_makes_no_sense_is_pointed_at(said: dict[str, Any], pointer: str, code: str) -> None:
    refusal = problem(by(world.READER, "POST", body=NEW | said), 400, "invalid_input")

    assert [(error["pointer"], error["code"]) for error in refusal["errors"]] == [(pointer, code)]
    assert Review.objects.count() == 5


def test_lengths_are_those_of_what_is_left_without_the_space_around() -> None:
    review = read(by(world.READER, "POST", body=NEW | {"content": f"  {'x' * 1000}  "}), 201)

    assert review["content"] == "x" * 1000


def test_a_rehearsed_review_has_no_id_and_is_not_stored() -> None:
    answer = by(world.READER, "POST", "?dry_run=true", NEW)

    assert (read(answer)["id"], Review.objects.count()) == (None, 5)
    problem(by(world.DANA, "POST", "?dry_run=true", NEW), 409, "already_reviewed")


def test_a_change_sends_a_review_back_to_the_moderators() -> None:
    tag = by(world.DANA, "GET", "/101").headers["ETag"]

    answer = by(world.DANA, "PATCH", "/101", {"rating": 3, "title": None}, If_Match=tag)

    review = read(answer)
    assert (review["status"], review["rating"], review["title"]) == ("pending", 3, None)
    assert by(world.DANA, "GET", "/101").headers["ETag"] == answer.headers["ETag"]
    problem(by(world.DANA, "PATCH", "/101", {"rating": 4}, If_Match=tag), 412, "precondition_failed")
    problem(by(world.READER, "GET", "/101"), 404, "review_not_found")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_says_of_which_version(method: str) -> None:
    problem(by(world.DANA, method, "/101", {}), 428, "precondition_required")


@pytest.mark.parametrize(
    ("who", "pk", "status", "code"),
    [
        (None, 101, 401, "unauthenticated"),
        (world.READER, 101, 403, "not_the_author"),
        (world.READER, 105, 404, "review_not_found"),
        (world.READER, 999, 404, "review_not_found"),
    ],
)
def test_nobody_else_changes_or_removes_a_review(who: int | None, pk: int, status: int, code: str) -> None:
    for method in ("PATCH", "DELETE"):
        problem(by(who, method, f"/{pk}", {}, If_Match="*"), status, code)

    assert Review.objects.count() == 5


def test_a_moderator_removes_but_does_not_rewrite() -> None:
    problem(by(world.MODERATOR, "PATCH", "/101", {"rating": 1}, If_Match="*"), 403, "not_the_author")

    rehearsed = by(world.MODERATOR, "DELETE", "/101?dry_run=true", If_Match="*")
    removed = by(world.MODERATOR, "DELETE", "/101", If_Match="*")

    assert (rehearsed.status_code, removed.status_code, Review.objects.count()) == (200, 204, 4)


def test_a_rehearsed_change_is_shown_and_not_made() -> None:
    shown = read(by(world.DANA, "PATCH", "/101?dry_run=true", {"rating": 1}, If_Match="*"))

    assert (shown["rating"], shown["status"], Review.objects.get(pk=101).rating) == (1, "pending", 5)
