"""What moderators do: decide about reviews, one or many, take a decision back, and read who decided what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from django.db.models import Min, Q, Sum

from jewgo.core.errors import Conflict, JewgoError
from jewgo.core.paging import Cursor, Page, PageRequest
from restaurants.services.writing import ANY_VERSION, Expectation, rehearsed
from reviews.lifecycle import BY_MODERATORS, Move, ReviewState, after, move_between
from reviews.models import Event, Flag, FlagState, Review
from reviews.refusals import ReviewNotFound
from reviews.services.reading import by_state, read
from reviews.services.writing import locked, store
from reviews.values import Caller, Ruling, Wanted, WrittenReview

UNDO: Final = "undo"
NOTE: Final = "note"
ACTIONS: Final = (*(move.value for move in BY_MODERATORS), UNDO)
JUDGED: Final[Mapping[str, FlagState]] = {Move.APPROVE: FlagState.DISMISSED, Move.REJECT: FlagState.UPHELD}
"""What a decision about a review says of the flags against it; the other moves leave them open."""

UNSTATED: Final = "No reason was given."
"""What v3's apps do not ask for, and a rejection needs."""


class NothingToUndo(Conflict):
    """Somebody has done something with the review since, or it was another's decision."""

    code, title = "nothing_to_undo", "Your last decision about this review is not the last thing that happened to it"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a moderator decides: an action of `ACTIONS`; the reason, which the author reads; notes, for moderators."""

    action: str
    reason: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one review of many fared: its state before and after, or why it was refused."""

    review_id: int
    before: str | None = None
    after: str | None = None
    refusal: JewgoError | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that was done with a review."""

    id: int
    at: datetime
    actor: str
    action: str
    before: str
    after: str | None
    reason: str
    notes: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Queues:
    """What waits for moderators."""

    by_state: dict[str, int]
    open_flags: int
    oldest_pending_at: datetime | None
    oldest_flagged_at: datetime | None


def decide(
    review_id: int,
    decision: Decision,
    caller: Caller,
    *,
    expect: Expectation = ANY_VERSION,
    dry_run: bool = False,
) -> WrittenReview:
    """Move a review, settle its flags, and return it as it then stands.

    Raises `ReviewNotFound`, what `expect` raises, `IllegalReviewMove`, `NothingToUndo`, and `InvalidInput` without a
    reason that is needed.
    """

    def work() -> WrittenReview:
        _decide(locked(review_id, caller), decision, caller, expect)
        return read(Wanted(review_id, caller))

    return rehearsed(work, dry_run=dry_run)


def decide_many(
    numbers: Sequence[int],
    decision: Decision,
    caller: Caller,
    *,
    expectation_for: Callable[[int], Expectation] = lambda _: ANY_VERSION,
    dry_run: bool = False,
) -> tuple[Outcome, ...]:
    """Decide about each review by itself: what is refused for one is done for the others. Returned in the order of ids.

    Each is a transaction of its own, so that no moderator waits for another's whole heap; inside another transaction,
    place by place, so that two heaps lock the places' ratings in one order.
    """
    places = dict(Review.objects.filter(pk__in=set(numbers)).values_list("pk", "restaurant_id"))
    in_turn = sorted(set(numbers), key=lambda number: (places.get(number, 0), number))
    outcomes = [_outcome(number, decision, caller, expectation_for(number), dry_run=dry_run) for number in in_turn]
    return tuple(sorted(outcomes, key=lambda outcome: outcome.review_id))


def note(review_id: int, notes: str, caller: Caller) -> WrittenReview:
    """Set the moderators' notes of a review; raises `ReviewNotFound`."""
    return rehearsed(partial(_rule, Ruling(review_id, notes=notes), caller), dry_run=False)


def rule(ruling: Ruling, caller: Caller) -> WrittenReview:
    """Do what v3's admin pages ask: bring a review into a state, set its notes, or both.

    Being in that state already is no error. Raises `ReviewNotFound`, `IllegalReviewMove`.
    """
    return rehearsed(partial(_rule, ruling, caller), dry_run=False)


def history(review_id: int, asked: PageRequest) -> Page[Happening]:
    """Return one page of what was done with a review, the latest first, also with a deleted one.

    Raises `ReviewNotFound` where there is neither a review nor a history, and `InvalidCursor`.
    """
    events, scope = Event.objects.of(review_id), f"review:{review_id}"
    if not events.exists() and not Review.objects.filter(pk=review_id).exists():
        raise ReviewNotFound
    total = events.count() if asked.include_total else None
    if asked.cursor is not None:
        [before] = Cursor.read(asked.cursor, scope)
        events = events.filter(pk__lt=before)
    rows = map(_happening, events[: asked.limit + 1])
    return Page.cut(rows, limit=asked.limit, scope=scope, position=lambda happening: [happening.id], total=total)


def queues() -> Queues:
    """Return how much waits, and since when."""
    waiting = Review.objects.filter(state__in=[ReviewState.PENDING, ReviewState.FLAGGED]).aggregate(
        pending=Min("updated_at", filter=Q(state=ReviewState.PENDING)),
        flagged=Min("updated_at", filter=Q(state=ReviewState.FLAGGED)),
    )
    flags: int = Review.objects.filter(open_flag_count__gt=0).aggregate(n=Sum("open_flag_count"))["n"] or 0
    return Queues(by_state(), flags, waiting["pending"], waiting["flagged"])


def _decide(review: Review, decision: Decision, caller: Caller, expect: Expectation) -> Event:
    expect(review.version)
    if decision.action == UNDO:
        return _undo(review, caller)
    before = review.state
    review.state = after(Move(decision.action), before, decision.reason)
    review.state_reason = decision.reason.strip()
    review.moderator_notes = decision.notes.strip() or review.moderator_notes
    event = store(
        review, caller, decision.action, before=before, reason=review.state_reason, notes=decision.notes.strip()
    )
    if decision.action in JUDGED:
        Flag.objects.judge(review.pk, JUDGED[decision.action], event)
    return event


def _undo(review: Review, caller: Caller) -> Event:
    """Bring the review back to where it stood, if the caller's own decision was the last thing that happened."""
    last = Event.objects.of(review.pk).first()
    is_own = last is not None and last.actor == caller.name and last.action in list(BY_MODERATORS)
    if last is None or not is_own or last.version != review.version:
        raise NothingToUndo(hint="Read its history, and decide anew.")
    before, review.state = review.state, ReviewState(last.before)
    review.state_reason = _reason_before(last)
    event = store(review, caller, UNDO, before=before, reason=review.state_reason)
    Flag.objects.reopen(last)
    return event


def _reason_before(last: Event) -> str:
    """Return the reason with which a review stood before its last event."""
    earlier = Event.objects.of(last.review_id).filter(pk__lt=last.pk, after=last.before).exclude(action=NOTE).first()
    return earlier.reason if earlier else ""


def _outcome(number: int, decision: Decision, caller: Caller, expect: Expectation, *, dry_run: bool) -> Outcome:
    def work() -> Outcome:
        event = _decide(locked(number, caller), decision, caller, expect)
        return Outcome(number, event.before, event.after)

    try:
        return rehearsed(work, dry_run=dry_run)
    except JewgoError as refusal:
        return Outcome(number, refusal=refusal)


def _rule(ruling: Ruling, caller: Caller) -> WrittenReview:
    review = locked(ruling.review_id, caller)
    notes = review.moderator_notes if ruling.notes is None else ruling.notes.strip()
    if ruling.state is not None and ruling.state != review.state:
        move = move_between(review.state, ruling.state)
        review.moderator_notes = notes
        reason = ruling.reason.strip() or (UNSTATED if move is Move.REJECT else "")
        _decide(review, Decision(move, reason, "" if ruling.notes is None else notes), caller, ANY_VERSION)
    elif notes != review.moderator_notes:
        review.moderator_notes = notes
        store(review, caller, NOTE, before=review.state, reason=review.state_reason, notes=notes)
    return read(Wanted(ruling.review_id, caller))


def _happening(row: Event) -> Happening:
    return Happening(
        row.pk, row.at, row.actor, row.action, row.before, row.after or None, row.reason, row.notes, row.request_id
    )
