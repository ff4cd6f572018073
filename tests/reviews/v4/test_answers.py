"""Flags, votes and replies in the v4 contract."""

import pytest

from restaurants.models import Ownership
from reviews.models import Review
from tests.reviews import world
from tests.reviews.v4.calls import by, problem, read
from users.models import User

pytestmark = pytest.mark.usefixtures("stored")

OWNER = 7


@pytest.fixture
def owner(stored: None) -> None:
    """Let somebody own the first place."""
    Ownership.objects.create(user=User.objects.create_user("owner@example.com", pk=OWNER), restaurant_id=11)


def test_a_flag_is_taken_once_and_shown_to_moderators() -> None:
    flag = read(by(world.READER, "POST", "/101/flag", {"reason": "other", "note": "Copied."}), 201)
    again = by(world.READER, "POST", "/101/flag", {"reason": "spam"})
    [seen] = read(by(world.MODERATOR, "GET", "/101/flags"))

    assert (flag["reason"], flag["note"], flag["status"]) == ("other", "Copied.", "open")
    problem(again, 409, "already_flagged")
    assert (seen["user_id"], seen["resolved_by"], seen["resolved_at"]) == (world.READER, None, None)


def test_a_flag_says_why() -> None:
    unknown = problem(by(world.READER, "POST", "/101/flag", {"reason": "boring"}), 400, "invalid_input")
    unsaid = problem(by(world.READER, "POST", "/101/flag", {"reason": "other"}), 400, "invalid_input")

    assert [error["pointer"] for error in (*unknown["errors"], *unsaid["errors"])] == ["/reason", "/note"]
    problem(by(world.DANA, "POST", "/101/flag", {"reason": "spam"}), 403, "own_review")


def test_a_rehearsed_flag_is_not_stored() -> None:
    assert read(by(world.READER, "POST", "/101/flag?dry_run=true", {"reason": "spam"}))["id"] is None
    assert read(by(world.MODERATOR, "GET", "/101/flags")) == []


def test_a_flag_is_for_people_and_its_list_for_moderators() -> None:
    problem(by(None, "POST", "/101/flag", {"reason": "spam"}), 401, "unauthenticated")
    problem(by(world.READER, "GET", "/101/flags"), 403, "forbidden")
    problem(by(world.MODERATOR, "GET", "/999/flags"), 404, "review_not_found")
    problem(by(world.READER, "POST", "/104/flag", {"reason": "spam"}), 404, "review_not_found")


def test_a_vote_is_given_once_and_taken_back() -> None:
    given = read(by(world.READER, "POST", "/101/helpful"), 201)
    again = by(world.READER, "POST", "/101/helpful")
    taken = read(by(world.READER, "DELETE", "/101/helpful"))

    assert (given, taken) == ({"helpful_count": 3, "voted": True}, {"helpful_count": 2, "voted": False})
    problem(again, 409, "already_voted")
    problem(by(world.DANA, "POST", "/101/helpful"), 403, "own_review")


@pytest.mark.usefixtures("owner")
def test_an_owner_answers_and_the_reviews_version_goes_along() -> None:
    said = {"content": "Thank you, Dana."}
    tag = by(OWNER, "GET", "/101").headers["ETag"]

    answer = by(OWNER, "POST", "/101/reply", said, If_Match=tag)

    assert read(answer, 201)["reply"]["content"] == "Thank you, Dana."
    assert by(OWNER, "GET", "/101").headers["ETag"] == answer.headers["ETag"] != tag
    problem(by(OWNER, "PATCH", "/101/reply", said, If_Match=tag), 412, "precondition_failed")
    problem(by(OWNER, "POST", "/101/reply", said, If_Match="*"), 409, "already_replied")
    assert read(by(OWNER, "PATCH", "/101/reply", {"content": "Thanks!"}, If_Match="*"))["reply"]["content"] == "Thanks!"
    assert read(by(OWNER, "DELETE", "/101/reply", If_Match="*"))["reply"] is None
    problem(by(OWNER, "DELETE", "/101/reply", If_Match="*"), 404, "no_reply")
    assert Review.objects.get(pk=101).state == "approved"


@pytest.mark.usefixtures("owner")
def test_only_an_owner_answers_and_a_moderator_takes_it_away() -> None:
    said = {"content": "Thank you, Dana."}

    problem(by(world.READER, "POST", "/101/reply", said, If_Match="*"), 403, "not_the_owner")
    problem(by(OWNER, "POST", "/103/reply", said, If_Match="*"), 403, "not_the_owner")
    problem(by(OWNER, "POST", "/104/reply", said, If_Match="*"), 404, "review_not_found")
    problem(by(OWNER, "POST", "/101/reply", said), 428, "precondition_required")
    by(OWNER, "POST", "/101/reply", said, If_Match="*")
    problem(by(world.READER, "DELETE", "/101/reply", If_Match="*"), 403, "not_the_owner")

    assert read(by(world.MODERATOR, "DELETE", "/101/reply", If_Match="*"))["reply"] is None


@pytest.mark.usefixtures("owner")
def test_a_rehearsed_reply_is_shown_and_not_stored() -> None:
    shown = read(by(OWNER, "POST", "/101/reply?dry_run=true", {"content": "Thanks!"}, If_Match="*"))

    assert shown["reply"]["content"] == "Thanks!"
    assert read(by(OWNER, "GET", "/101"))["reply"] is None
