"""What moderators decide, take back, decide about many, and read of it afterwards."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from jewgo.core.errors import InvalidInput, PreconditionFailed
from jewgo.core.paging import PageRequest
from reviews import services
from reviews.lifecycle import IllegalReviewMove
from reviews.models import Event, Flag, Review
from reviews.refusals import ReviewNotFound
from reviews.services import waiting
from reviews.services.moderating import Decision, NothingToUndo
from reviews.values import Amendment, Ruling
from tests.reviews import world

pytestmark = pytest.mark.django_db

APPROVE, REJECT = Decision("approve"), Decision("reject", "It is an advertisement.", "The third this week.")
MIRIAM = world.moderator()


def flags(*users: int, pk: int = 101) -> None:
    for user in users:
        Flag.objects.create(review_id=pk, user_id=user, reason="spam")


@pytest.mark.parametrize(
    ("pk", "action", "state"),
    [
        (104, "approve", "approved"),
        (105, "approve", "approved"),
        (101, "reject", "rejected"),
        (101, "flag", "flagged"),
        (105, "requeue", "pending"),
    ],
)
def test_a_decision_moves_a_review_and_is_remembered(pk: int, action: str, state: str) -> None:
    world.build()
    before = Review.objects.get(pk=pk).state

    review = services.decide(pk, Decision(action, " Because. ", " Look again. "), MIRIAM)

    assert (review.state, review.reason, review.notes, review.version) == (state, "Because.", "Look again.", 2)
    event = Event.objects.get(review_id=pk)
    assert (event.actor, event.action, event.before, event.after) == ("u:5", action, before, state)
    assert (event.reason, event.notes, event.version) == ("Because.", "Look again.", 2)


def test_notes_of_before_stay_where_none_are_given() -> None:
    world.build()

    assert services.decide(103, REJECT, MIRIAM).notes == "The third this week."
    assert services.decide(103, APPROVE, MIRIAM).notes == "The third this week."


def test_a_rejection_needs_its_reason() -> None:
    world.build()

    with pytest.raises(InvalidInput) as refusal:
        services.decide(104, Decision("reject", "  "), MIRIAM)

    assert [problem.pointer for problem in refusal.value.problems] == ["/reason"]


def test_a_move_that_does_not_start_there_is_refused_and_the_legal_ones_are_named() -> None:
    world.build()

    with pytest.raises(IllegalReviewMove) as refusal:
        services.decide(101, APPROVE, MIRIAM)

    assert refusal.value.hint == "Legal from approved: reject, flag, requeue."


@pytest.mark.parametrize(("decision", "state", "counts"), [(APPROVE, "dismissed", (0, 0)), (REJECT, "upheld", (2, 0))])
def test_a_decision_settles_the_flags(decision: Decision, state: str, counts: tuple[int, int]) -> None:
    world.build()
    flags(world.READER, world.NAMELESS, pk=104)

    review = services.decide(104, decision, MIRIAM)

    settled = services.flags_of(104)
    assert [(flag.state, flag.resolved_by) for flag in settled] == [(state, "u:5")] * 2
    assert all(flag.resolved_at is not None for flag in settled)
    assert (review.report_count, review.open_flag_count) == counts


@pytest.mark.parametrize("action", ["flag", "requeue"])
def test_what_only_puts_off_leaves_the_flags_open(action: str) -> None:
    world.build()
    flags(world.READER)

    assert services.decide(101, Decision(action), MIRIAM).open_flag_count == 1


def test_what_is_undone_is_as_it_was_before() -> None:
    world.build()
    flags(world.READER)
    services.decide(101, Decision("flag", "Is it?"), MIRIAM)
    services.decide(101, REJECT, MIRIAM)

    undone = services.decide(101, Decision("undo"), MIRIAM)

    assert (undone.state, undone.reason, undone.report_count, undone.open_flag_count) == ("flagged", "Is it?", 1, 1)
    assert [event.action for event in Event.objects.of(101)] == ["undo", "reject", "flag"]


def test_only_ones_own_last_decision_can_be_undone() -> None:
    world.build()
    services.decide(104, APPROVE, MIRIAM)

    with pytest.raises(NothingToUndo):
        services.decide(104, Decision("undo"), world.moderator(9))
    services.decide(104, Decision("undo"), MIRIAM)
    with pytest.raises(NothingToUndo):
        services.decide(104, Decision("undo"), MIRIAM)


def test_what_the_author_changed_since_is_not_undone() -> None:
    world.build()
    services.decide(105, APPROVE, MIRIAM)
    services.amend(105, Amendment(rating=1), world.person(world.DANA))

    with pytest.raises(NothingToUndo):
        services.decide(105, Decision("undo"), MIRIAM)


def test_of_many_each_is_decided_by_itself() -> None:
    world.build()

    outcomes = services.decide_many([105, 104, 101, 999, 104], APPROVE, MIRIAM)

    told = {one.review_id: one.after or (one.refusal.code if one.refusal else None) for one in outcomes}
    assert told == {101: "illegal_review_move", 104: "approved", 105: "approved", 999: "review_not_found"}
    assert Review.objects.filter(state="approved").count() == 5


def test_many_are_rehearsed_and_held_against_what_was_read() -> None:
    world.build()

    rehearsed = services.decide_many([104, 105], APPROVE, MIRIAM, dry_run=True)
    held = services.decide_many([104, 105], APPROVE, MIRIAM, expectation_for=lambda pk: refuse_if(pk == 105))

    assert [one.after for one in rehearsed] == ["approved", "approved"]
    assert [one.after for one in held] == ["approved", None]


def refuse_if(changed: bool):  # type: ignore[no-untyped-def]
    def expect(_version: int) -> None:
        if changed:
            raise PreconditionFailed

    return expect


def test_the_history_tells_everything_also_of_what_is_gone() -> None:
    world.build()
    services.decide(104, APPROVE, MIRIAM)
    services.note(104, "Nice.", MIRIAM)
    services.delete(104, MIRIAM)

    first = services.history(104, PageRequest(limit=2, include_total=True))
    rest = services.history(104, PageRequest(limit=2, cursor=first.next_cursor))

    told = [(one.action, one.before, one.after) for one in (*first.items, *rest.items)]
    assert told == [("delete", "approved", None), ("note", "approved", "approved"), ("approve", "pending", "approved")]
    assert first.total == 3
    assert services.history(101, PageRequest()).items == ()
    with pytest.raises(ReviewNotFound):
        services.history(999, PageRequest())


def test_nobody_rewrites_the_history() -> None:
    world.build()
    services.decide(104, APPROVE, MIRIAM)

    for work in (Event.objects.all().delete, lambda: Event.objects.update(actor="u:9")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            work()


def test_a_ruling_of_v3_states_a_reason_where_none_is_given() -> None:
    world.build()

    review = services.rule(Ruling(101, "rejected", notes="Wrote to her."), MIRIAM)
    same = services.rule(Ruling(101, "rejected"), MIRIAM)

    assert (review.state, review.reason, review.notes) == ("rejected", "No reason was given.", "Wrote to her.")
    assert same.version == review.version == 2


def test_the_queues_say_how_much_waits_and_since_when() -> None:
    world.build()
    flags(world.READER)

    queues = services.queues()

    assert queues.by_state == {"pending": 1, "approved": 3, "rejected": 1, "flagged": 0}
    assert (queues.open_flags, queues.oldest_pending_at, queues.oldest_flagged_at) == (1, world.WRITTEN_AT, None)


def test_what_waits_longest_comes_first_and_pending_before_flagged() -> None:
    world.build()
    Review.objects.filter(pk=102).update(state="flagged", updated_at=world.WRITTEN_AT - timedelta(days=9))
    Review.objects.filter(pk=105).update(state="pending", updated_at=world.WRITTEN_AT - timedelta(days=1))

    order, seen = [], waiting.next_one()
    while seen is not None:
        order.append(seen.review.pk)
        seen = waiting.next_one(order)

    assert order == [105, 104, 102]
    assert waiting.counts() == {"pending": 2, "flagged": 1}


def test_the_next_one_comes_with_what_helps_to_decide() -> None:
    world.build()
    services.decide(105, Decision("requeue"), MIRIAM)
    flags(world.READER, pk=105)

    found = waiting.next_one([104])

    assert found is not None
    assert (found.other_count, found.others) == (1, {"approved": 1})
    assert ([flag.reason for flag in found.flags], [event.action for event in found.events]) == (["spam"], ["requeue"])
