"""Where a review stands in its life, and which moves are legal from there: a table, read by every door."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices

from jewgo.core.errors import Conflict
from jewgo.core.lifecycle import Lifecycle, Rule


class ReviewState(TextChoices):
    """Only an approved review is published; a flagged one was, until somebody doubted it."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    FLAGGED = "flagged"


class Move(TextChoices):
    """What is done with a review; the value is also the action in the history."""

    APPROVE = "approve"
    REJECT = "reject"
    FLAG = "flag"
    REQUEUE = "requeue"
    EDIT = "edit"


ANYWHERE: Final = frozenset(ReviewState)

MOVES: Final[Mapping[Move, Rule[ReviewState]]] = {
    Move.APPROVE: Rule(ANYWHERE - {ReviewState.APPROVED}, ReviewState.APPROVED),
    Move.REJECT: Rule(ANYWHERE - {ReviewState.REJECTED}, ReviewState.REJECTED, needs_reason=True),
    Move.FLAG: Rule(frozenset({ReviewState.PENDING, ReviewState.APPROVED}), ReviewState.FLAGGED),
    Move.REQUEUE: Rule(ANYWHERE - {ReviewState.PENDING}, ReviewState.PENDING),
    Move.EDIT: Rule(ANYWHERE, ReviewState.PENDING),
}

BY_MODERATORS: Final = (Move.APPROVE, Move.REJECT, Move.FLAG, Move.REQUEUE)
"""EDIT is the author's: words that nobody has read are not published."""


class IllegalReviewMove(Conflict):
    """The review stands where this move does not start."""

    code, title = "illegal_review_move", "This move is not legal from where the review stands"


_LIFE: Final = Lifecycle("review", MOVES, IllegalReviewMove, BY_MODERATORS, "; the author reads it")
legal_moves, move_between, after = _LIFE.legal_moves, _LIFE.move_between, _LIFE.after
