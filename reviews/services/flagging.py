"""Doubts about reviews: each person once; where enough are open, the review waits for a moderator."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

from jewgo.core.errors import Conflict, Forbidden, InvalidInput, Problem
from restaurants.services.writing import rehearsed
from reviews.lifecycle import Move, ReviewState, after
from reviews.models import Flag, Review
from reviews.refusals import ReviewNotFound
from reviews.services.writing import locked, store
from reviews.values import MAX_ID, Caller, FlagReason

BY_NUMBER: Final = Caller(name="flags")
"""Whom the history names where nobody but the number of flags moved a review."""


class OwnReview(Forbidden):
    """Nobody flags their own review, or votes for it."""

    code, title = "own_review", "This review is your own"


class AlreadyFlagged(Conflict):
    """One person flags one review once."""

    code, title = "already_flagged", "You have flagged this review already"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What somebody says against a review."""

    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A flag as moderators see it: who raised it, where it stands, who settled it and when."""

    id: int
    user_id: int | None
    reason: str
    note: str
    state: str
    created_at: datetime
    resolved_by: str | None
    resolved_at: datetime | None


def flag(review_id: int, doubt: Doubt, caller: Caller, *, dry_run: bool = False) -> Judged:
    """Flag a published review. With the setting's number of open flags it is published no more and waits.

    Raises `ReviewNotFound`, `OwnReview`, `AlreadyFlagged`, and `InvalidInput` for `other` without a note.
    """
    _require_note(doubt)
    return rehearsed(lambda: _flag(review_id, doubt, caller), dry_run=dry_run)


def flags_of(review_id: int) -> tuple[Judged, ...]:
    """Return every flag against a review, the first one first; raises `ReviewNotFound`."""
    if not (0 < review_id <= MAX_ID and Review.objects.filter(pk=review_id).exists()):
        raise ReviewNotFound
    found = Flag.objects.filter(review_id=review_id).select_related("decision").order_by("pk")
    return tuple(map(_judged, found))


def _require_note(doubt: Doubt) -> None:
    if doubt.reason == FlagReason.OTHER and not doubt.note.strip():
        raise InvalidInput(problems=[Problem("required", "Say what is wrong with it.", pointer="/note")])


def _flag(review_id: int, doubt: Doubt, caller: Caller) -> Judged:
    """Under the review's lock: two who flag at once wait for each other, so that the last of three counts three."""
    review = published(review_id, caller)
    if Flag.objects.filter(review=review, user_id=caller.person).exists():
        raise AlreadyFlagged(hint="A moderator will look at it; there is nothing more to do.")
    row = Flag.objects.create(review=review, user_id=caller.person, reason=doubt.reason, note=doubt.note.strip())
    review.refresh_from_db(fields=["open_flag_count"])
    if review.open_flag_count >= settings.REVIEWS["FLAGS_TO_HIDE"]:
        before, review.state = review.state, after(Move.FLAG, review.state)
        store(review, BY_NUMBER, Move.FLAG, before=before)
    return _judged(row)


def published(review_id: int, caller: Caller) -> Review:
    """Return a published review under its lock; raises `ReviewNotFound` for any other, `OwnReview` for one's own."""
    review = locked(review_id, caller)
    if caller.wrote(review.user_id):
        raise OwnReview(hint="What others think of it is for them to say.")
    if review.state != ReviewState.APPROVED:
        raise ReviewNotFound
    return review


def _judged(row: Flag) -> Judged:
    decision = row.decision
    return Judged(
        id=row.pk,
        user_id=row.user_id,
        reason=row.reason,
        note=row.note,
        state=row.state,
        created_at=row.created_at,
        resolved_by=decision.actor if decision else None,
        resolved_at=decision.at if decision else None,
    )
