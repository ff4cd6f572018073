"""Writing, changing and removing reviews: by whom, into which state, and what else follows."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from jewgo.core.errors import PreconditionFailed
from reviews import services
from reviews.models import Event, Flag, Reply, Review, Vote
from reviews.refusals import AlreadyReviewed, NotTheAuthor, PlaceNotReviewable, ReviewNotFound
from reviews.values import Amendment, Caller, Draft
from tests.reviews import world

pytestmark = pytest.mark.django_db

KEY = Caller(sees_all=True, moderates=True, name="k:1")


def draft(user_id: int | None = world.READER, place: int = 11, **more: Any) -> Draft:
    return Draft(place, 4, "Fresh pita all day.", user_id=user_id, **more)


def refuse(_version: int) -> None:
    raise PreconditionFailed


def test_a_new_review_waits_for_a_moderator_and_is_its_persons() -> None:
    world.build()

    made = services.create(draft(), world.person())

    stored = Review.objects.get(pk=made.id)
    assert (stored.state, stored.user_id, made.author_id) == ("pending", world.READER, world.READER)


def test_a_key_writes_for_nobody_and_as_often_as_it_has_to() -> None:
    world.build()

    made = [services.create(draft(None), KEY) for _ in range(2)]

    assert [review.author for review in made] == [None, None]


@pytest.mark.parametrize("place", [13, 999])
def test_a_place_that_is_not_published_takes_no_review(place: int) -> None:
    world.build()

    with pytest.raises(PlaceNotReviewable):
        services.create(draft(place=place), world.person())

    assert Review.objects.count() == 5


def test_a_second_review_of_a_place_is_refused_with_the_first_ones_id() -> None:
    world.build()

    with pytest.raises(AlreadyReviewed) as refusal:
        services.create(draft(world.DANA), world.person(world.DANA))

    assert refusal.value.review_id == 101
    assert Review.objects.count() == 5


def test_a_rehearsal_stores_nothing() -> None:
    world.build()

    services.create(draft(), world.person(), dry_run=True)
    services.amend(101, Amendment(rating=1), world.person(world.DANA), dry_run=True)
    services.delete(101, world.person(world.DANA), dry_run=True)

    assert (Review.objects.count(), Review.objects.get(pk=101).rating, Event.objects.count()) == (5, 5, 0)


@pytest.mark.parametrize("state", ["pending", "approved", "rejected", "flagged"])
def test_what_its_author_says_anew_waits_again(state: str) -> None:
    world.build()
    Review.objects.filter(pk=101).update(state=state, state_reason="It was so.")

    changed = services.amend(101, Amendment(rating=2, title=""), world.person(world.DANA))

    assert (changed.state, changed.reason, changed.rating, changed.title) == ("pending", "", 2, "")
    assert (changed.content, changed.version) == ("The best bagels in town.", 2)
    assert changed.updated_at > world.CHANGED_AT
    event = Event.objects.get(review_id=101)
    assert (event.actor, event.action, event.before, event.after) == ("u:3", "edit", state, "pending")


def test_saying_the_same_changes_nothing() -> None:
    world.build()

    same = services.amend(101, Amendment(5, "Great bagels", images=("https://img.example/1.jpg",)), world.person(3))

    assert (same.state, same.version, Event.objects.count()) == ("approved", 1, 0)


@pytest.mark.parametrize(
    ("pk", "caller", "refusal"),
    [
        (101, world.person(), NotTheAuthor),
        (101, world.moderator(), NotTheAuthor),
        (103, Caller(), NotTheAuthor),
        (105, world.person(), ReviewNotFound),
        (999, world.person(), ReviewNotFound),
        (2**63, world.person(), ReviewNotFound),
    ],
)
def test_nobody_else_changes_a_review(pk: int, caller: Caller, refusal: type[Exception]) -> None:
    world.build()

    with pytest.raises(refusal):
        services.amend(pk, Amendment(rating=1), caller)

    assert not Review.objects.filter(version=2).exists()


def test_a_change_against_another_version_is_refused_before_anything_is_done() -> None:
    world.build()

    for work in (lambda: services.amend(101, Amendment(rating=1), world.person(3), expect=refuse),
                 lambda: services.delete(101, world.person(3), expect=refuse)):  # fmt: skip
        with pytest.raises(PreconditionFailed):
            work()

    assert Review.objects.get(pk=101).rating == 5


@pytest.mark.parametrize("caller", [world.person(world.DANA), world.moderator(), KEY])
def test_a_review_goes_with_all_that_hangs_on_it_and_its_history_stays(caller: Caller) -> None:
    world.build()
    Flag.objects.create(review_id=101, user_id=world.READER, reason="spam")
    Vote.objects.create(review_id=101, user_id=world.READER)
    Reply.objects.create(review_id=101, content="Thank you.")

    services.delete(101, caller)

    assert not Review.objects.filter(pk=101).exists()
    assert (Flag.objects.count(), Vote.objects.count(), Reply.objects.count()) == (0, 0, 0)
    event = Event.objects.get(review_id=101)
    assert (event.actor, event.action, event.before, event.after) == (caller.name, "delete", "approved", "")


def test_who_has_deleted_a_review_may_write_another() -> None:
    world.build()

    services.delete(101, world.person(world.DANA))

    assert services.create(draft(world.DANA), world.person(world.DANA)).state == "pending"


@pytest.mark.parametrize(("pk", "refusal"), [(101, NotTheAuthor), (105, ReviewNotFound), (999, ReviewNotFound)])
def test_nobody_else_removes_a_review(pk: int, refusal: type[Exception]) -> None:
    world.build()

    with pytest.raises(refusal):
        services.delete(pk, world.person())

    assert Review.objects.count() == 5


def test_writing_takes_the_same_few_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    world.build()

    with django_assert_num_queries(7):  # place, insert, author; the rest are savepoints
        services.create(draft(), world.person())
    with django_assert_num_queries(6):  # lock, update, history, reading; a savepoint
        services.amend(101, Amendment(rating=1), world.person(world.DANA))
