"""People who do at the same moment what only one may, on real connections."""

import pytest

from reviews import services
from reviews.models import Event, Flag, Review
from reviews.services.flagging import AlreadyFlagged, Doubt
from reviews.services.moderating import Decision
from reviews.services.voting import AlreadyVoted
from tests.restaurants.test_keeping_races import at_once
from tests.reviews import world
from tests.reviews.recount import ANSWERS, differences
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = range(20, 28)


@pytest.fixture(autouse=True)
def a_crowd_of_people() -> None:
    """Have the small world with nothing counted, and eight people."""
    world.build()
    Review.objects.update(helpful_count=0, report_count=0)
    for pk in CROWD:
        User.objects.create_user(f"guest{pk}@example.com", pk=pk)


def test_of_eight_who_flag_at_once_the_third_hides_the_review_and_the_others_find_it_gone() -> None:
    def flag(number: int) -> str:
        try:
            services.flag(101, Doubt("spam"), world.person(CROWD[number]))
        except Exception as refusal:
            return type(refusal).__name__
        return "flagged"

    told = at_once(8, flag)

    review = Review.objects.get(pk=101)
    assert sorted(told) == ["ReviewNotFound"] * 5 + ["flagged"] * 3
    assert (review.state, review.open_flag_count, Event.objects.count()) == ("flagged", 3, 1)


def test_of_one_persons_eight_flags_and_votes_at_once_one_counts() -> None:
    def judge(number: int) -> bool:
        who = world.person(world.READER)
        try:
            services.flag(101, Doubt("spam"), who) if number % 2 else services.vote(101, who)
        except (AlreadyFlagged, AlreadyVoted):
            return False
        return True

    told = at_once(8, judge)

    assert (sum(told), Flag.objects.count(), differences(ANSWERS)) == (2, 1, [])


def test_eight_votes_at_once_are_eight() -> None:
    at_once(8, lambda number: services.vote(101, world.person(CROWD[number])))

    assert (Review.objects.get(pk=101).helpful_count, differences(ANSWERS)) == (8, [])


def test_of_two_moderators_who_decide_at_once_one_finds_it_decided() -> None:
    def decide(number: int) -> str:
        try:
            return services.decide(104, Decision("approve"), world.moderator(CROWD[number])).state
        except Exception as refusal:
            return type(refusal).__name__

    assert sorted(at_once(2, decide)) == ["IllegalReviewMove", "approved"]
    assert Event.objects.count() == 1
