"""What others make of a review: flags, votes, replies; each once, none by its author, all counted exactly."""

from typing import Any

import pytest

from jewgo.core.errors import InvalidInput
from restaurants.models import Ownership
from restaurants.services.writing import ANY_VERSION
from reviews import services
from reviews.models import Event, Flag, Review, Vote
from reviews.refusals import ReviewNotFound
from reviews.services import replying
from reviews.services.flagging import AlreadyFlagged, Doubt, OwnReview
from reviews.services.moderating import Decision
from reviews.services.replying import AlreadyReplied, NoReply, NotTheOwner
from reviews.services.voting import AlreadyVoted
from reviews.values import Wanted
from tests.reviews import world
from users.models import User

pytestmark = pytest.mark.django_db

SPAM = Doubt("spam")


@pytest.fixture(autouse=True)
def somebody() -> None:
    """Have the world, and somebody who owns its first place."""
    world.build()
    Ownership.objects.create(user=User.objects.create_user("owner@example.com", pk=7), restaurant_id=11)


def people(count: int) -> list[int]:
    return [User.objects.create_user(f"guest{n}@example.com", pk=50 + n).pk for n in range(count)]


def state_of(pk: int) -> tuple[str, int, int]:
    review = Review.objects.get(pk=pk)
    return review.state, review.report_count, review.open_flag_count


def test_the_third_open_flag_hides_a_review_until_somebody_looks() -> None:
    states = []
    for pk in people(3):
        services.flag(101, SPAM, world.person(pk))
        states.append(state_of(101))

    assert states == [("approved", 1, 1), ("approved", 2, 2), ("flagged", 3, 3)]
    assert (Event.objects.get().actor, Event.objects.get().action) == ("flags", "flag")


def test_what_a_moderator_has_dismissed_does_not_count_again() -> None:
    first, second, third, fourth = people(4)
    for pk in (first, second, third):
        services.flag(101, SPAM, world.person(pk))
    services.decide(101, Decision("approve"), world.moderator())

    services.flag(101, SPAM, world.person(fourth))

    assert state_of(101) == ("approved", 1, 1)


def test_one_person_flags_a_review_once() -> None:
    services.flag(101, SPAM, world.person())

    with pytest.raises(AlreadyFlagged):
        services.flag(101, Doubt("fake"), world.person())

    assert state_of(101) == ("approved", 1, 1)


def test_other_says_what_it_is() -> None:
    with pytest.raises(InvalidInput):
        services.flag(101, Doubt("other", "  "), world.person())

    assert services.flag(101, Doubt("other", " Copied. "), world.person()).note == "Copied."


def test_a_rehearsed_flag_counts_nothing() -> None:
    services.flag(101, SPAM, world.person(), dry_run=True)

    assert (state_of(101), Flag.objects.count()) == (("approved", 0, 0), 0)


@pytest.mark.parametrize("work", [lambda pk, who: services.flag(pk, SPAM, who), services.vote, services.unvote])
def test_nobody_judges_their_own_or_what_is_not_published(work: Any) -> None:
    for pk, who, refusal in (
        (101, world.person(world.DANA), OwnReview),
        (105, world.person(world.DANA), OwnReview),
        (104, world.person(), ReviewNotFound),
        (104, world.moderator(), ReviewNotFound),
        (999, world.person(), ReviewNotFound),
    ):
        with pytest.raises(refusal):
            work(pk, who)

    assert (Flag.objects.count(), Vote.objects.count()) == (0, 0)


def test_a_vote_counts_once_and_can_be_taken_back() -> None:
    given = services.vote(102, world.person())
    with pytest.raises(AlreadyVoted):
        services.vote(102, world.person())
    taken = services.unvote(102, world.person())
    again = services.unvote(102, world.person())

    assert [(tally.helpful_count, tally.voted) for tally in (given, taken, again)] == [
        (1, True),
        (0, False),
        (0, False),
    ]
    assert Review.objects.get(pk=102).version == 1


def test_an_owner_replies_changes_it_and_takes_it_back() -> None:
    owner = world.person(7)

    replied = replying.reply(101, "Thank you, Dana.", owner, expect=ANY_VERSION)
    changed = replying.amend(101, "Thank you!", owner, expect=ANY_VERSION)
    seen = services.read(Wanted(101))
    removed = replying.remove(101, owner, expect=ANY_VERSION)

    assert (replied.version, changed.version, removed.version) == (2, 3, 4)
    assert seen.reply is not None
    assert (seen.reply.content, seen.reply.updated_at > seen.reply.created_at) == ("Thank you!", True)
    assert (removed.reply, removed.updated_at) == (None, world.CHANGED_AT)


def test_a_review_has_one_reply() -> None:
    replying.reply(101, "Thank you.", world.person(7), expect=ANY_VERSION)

    with pytest.raises(AlreadyReplied):
        replying.reply(101, "Thank you!", world.person(7), expect=ANY_VERSION)


@pytest.mark.parametrize("caller", [world.person(), world.moderator()])
def test_nobody_else_replies(caller: Any) -> None:
    with pytest.raises(NotTheOwner):
        replying.reply(101, "Thank you.", caller, expect=ANY_VERSION)


def test_another_place_and_what_is_not_published_get_no_reply() -> None:
    with pytest.raises(NotTheOwner):
        replying.reply(103, "Thank you.", world.person(7), expect=ANY_VERSION)
    with pytest.raises(ReviewNotFound):
        replying.reply(104, "Thank you.", world.person(7), expect=ANY_VERSION)


def test_there_is_no_reply_to_change_where_there_is_none() -> None:
    with pytest.raises(NoReply):
        replying.amend(101, "Thanks", world.person(7), expect=ANY_VERSION)
    with pytest.raises(NoReply):
        replying.remove(101, world.person(7), expect=ANY_VERSION)


def test_a_moderator_takes_a_reply_away_and_the_history_says_so() -> None:
    replying.reply(101, "Never come back.", world.person(7), expect=ANY_VERSION)

    replying.remove(101, world.moderator(), expect=ANY_VERSION)

    event = Event.objects.get()
    assert (event.actor, event.action, event.after) == ("u:5", "reply_deleted", "approved")
    assert services.read(Wanted(101)).reply is None
