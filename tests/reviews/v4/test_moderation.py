"""Deciding about reviews, one or many, and their numbers, in the v4 contract."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from reviews.models import Flag, Review
from tests.reviews import world
from tests.reviews.v4.calls import LIST, by, problem, read
from tests.users.credentials import sent_with

pytestmark = pytest.mark.usefixtures("stored")

MIRIAM = world.MODERATOR


def test_a_moderator_decides_against_what_they_have_read() -> None:
    tag = by(MIRIAM, "GET", "/104").headers["ETag"]

    answer = by(MIRIAM, "POST", "/104/moderate", {"action": "approve", "notes": "Fine."}, If_Match=tag)

    review = read(answer)
    assert (review["status"], review["moderation"]["notes"]) == ("approved", "Fine.")
    assert by(MIRIAM, "GET", "/104").headers["ETag"] == answer.headers["ETag"]
    problem(by(MIRIAM, "POST", "/104/moderate", {"action": "flag"}, If_Match=tag), 412, "precondition_failed")
    problem(by(MIRIAM, "POST", "/104/moderate", {"action": "flag"}), 428, "precondition_required")


def test_a_decision_that_is_not_legal_names_what_is() -> None:
    refusal = problem(
        by(MIRIAM, "POST", "/101/moderate", {"action": "approve"}, If_Match="*"), 409, "illegal_review_move"
    )

    assert refusal["hint"] == "Legal from approved: reject, flag, requeue."


def test_a_rejection_says_why_and_its_author_reads_it() -> None:
    unsaid = problem(by(MIRIAM, "POST", "/101/moderate", {"action": "reject"}, If_Match="*"), 400, "invalid_input")

    by(MIRIAM, "POST", "/101/moderate", {"action": "reject", "reason": "Not about the place."}, If_Match="*")

    assert [error["pointer"] for error in unsaid["errors"]] == ["/reason"]
    assert read(by(world.DANA, "GET", "/101"))["status_reason"] == "Not about the place."


def test_a_decision_is_undone_and_rehearsed() -> None:
    by(MIRIAM, "POST", "/104/moderate", {"action": "approve"}, If_Match="*")

    shown = read(by(MIRIAM, "POST", "/104/moderate?dry_run=true", {"action": "undo"}, If_Match="*"))
    undone = read(by(MIRIAM, "POST", "/104/moderate", {"action": "undo"}, If_Match="*"))

    assert (shown["status"], undone["status"]) == ("pending", "pending")
    problem(by(MIRIAM, "POST", "/104/moderate", {"action": "undo"}, If_Match="*"), 409, "nothing_to_undo")


def test_of_many_each_is_answered_for() -> None:
    body = {"ids": [101, 104, 105, 999], "action": "approve", "versions": {"105": 7}}

    answer = by(MIRIAM, "POST", "/moderate", body)

    told = {one["id"]: one["after"] or one["error"]["code"] for one in read(answer)}
    assert told == {101: "illegal_review_move", 104: "approved", 105: "precondition_failed", 999: "review_not_found"}
    assert answer.json()["meta"] == {"dry_run": False, "done": 1, "refused": 3}


def test_many_are_rehearsed_first() -> None:
    answer = by(MIRIAM, "POST", "/moderate", {"ids": [104, 105], "action": "approve", "dry_run": True})

    assert [one["after"] for one in read(answer)] == ["approved", "approved"]
    assert Review.objects.get(pk=104).state == "pending"


def test_many_without_a_reason_are_told_so_each() -> None:
    [outcome] = read(by(MIRIAM, "POST", "/moderate", {"ids": [104], "action": "reject"}))

    assert outcome["error"] == {"code": "invalid_input", "detail": "Say why, to reject; the author reads it."}


@pytest.mark.parametrize(
    "body", [{"ids": [], "action": "approve"}, {"ids": list(range(1, 102)), "action": "approve"}, {"ids": [1]}]
)
def test_too_few_too_many_and_nothing_to_do_are_refused(body: dict[str, object]) -> None:
    problem(by(MIRIAM, "POST", "/moderate", body), 400, "invalid_input")


def test_the_history_is_told_to_moderators() -> None:
    by(MIRIAM, "POST", "/104/moderate", {"action": "reject", "reason": "Why.", "notes": "Note."}, If_Match="*")
    by(MIRIAM, "DELETE", "/104", If_Match="*")

    deleted, rejected = read(by(MIRIAM, "GET", "/104/history"))

    assert (deleted["action"], deleted["before"], deleted["after"]) == ("delete", "rejected", None)
    assert (rejected["actor"], rejected["reason"], rejected["notes"]) == ("u:5", "Why.", "Note.")
    assert rejected["request_id"]
    problem(by(world.DANA, "GET", "/101/history"), 403, "forbidden")
    problem(by(MIRIAM, "GET", "/999/history"), 404, "review_not_found")


def test_the_queues_are_counted() -> None:
    Flag.objects.create(review_id=101, user_id=world.READER, reason="spam")

    assert read(by(MIRIAM, "GET", "/queues")) == {
        "by_status": {"pending": 1, "approved": 3, "rejected": 1, "flagged": 0},
        "open_flags": 1,
        "oldest_pending_at": "2025-08-01T12:00:00+00:00",
        "oldest_flagged_at": None,
    }


def test_a_key_for_operations_moderates() -> None:
    headers = sent_with("ops") | {"If-Match": "*"}

    answer = Client().post(f"{LIST}/104/moderate", {"action": "approve"}, "application/json", headers=headers)

    assert read(answer)["status"] == "approved"


@pytest.mark.parametrize("path", ["/104/moderate", "/moderate"])
def test_nobody_else_decides(path: str) -> None:
    problem(by(world.DANA, "POST", path, {"action": "approve", "ids": [104]}, If_Match="*"), 403, "forbidden")


def test_the_numbers_of_a_place_and_of_all() -> None:
    assert read(by(None, "GET", "/statistics?restaurant=11")) == {
        "restaurant_id": 11, "count": 2, "average": 4.0, "bayesian": 3.2857,
        "distribution": {"1": 0, "2": 0, "3": 1, "4": 0, "5": 1},
    }  # fmt: skip
    assert read(by(None, "GET", "/statistics"))["count"] == 3
    problem(by(None, "GET", "/statistics?restaurant=13"), 404, "unknown_restaurant")


def test_a_page_takes_one_query_and_those_of_its_caller(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    headers = sent_with("ops")
    client.get(LIST, headers=headers)

    with django_assert_num_queries(2):
        client.get(f"{LIST}?status=pending&limit=100", headers=headers)
    with django_assert_num_queries(4):
        client.get(f"{LIST}/101/history", headers=headers)
