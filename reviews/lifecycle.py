"""Where a review stands in its life, and which moves are legal from there: a table, read by every door."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices

from jewgo.core.errors import Conflict, InvalidInput, Problem


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


@dataclass(frozen=True, slots=True)
class Rule:
    """From where a move is legal, where it leads, and whether somebody has to say why."""

    sources: frozenset[ReviewState]
    target: ReviewState
    needs_reason: bool = False


ANYWHERE: Final = frozenset(ReviewState)

MOVES: Final[Mapping[Move, Rule]] = {
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


def legal_moves(state: str) -> tuple[Move, ...]:
    """Return a moderator's moves that start at `state`, in the table's order."""
    return tuple(move for move in BY_MODERATORS if state in MOVES[move].sources)


def move_between(state: str, target: str) -> Move:
    """Return a moderator's move from `state` to `target`; raises `IllegalReviewMove` when there is none."""
    for move in legal_moves(state):
        if MOVES[move].target == target:
            return move
    raise IllegalReviewMove(f"A review that is {state} cannot become {target}.", hint=hint_for(state))


def after(move: Move, state: str, reason: str = "") -> ReviewState:
    """Return where `move` leads from `state`; raises `IllegalReviewMove`, and `InvalidInput` without its reason."""
    rule = MOVES[move]
    if state not in rule.sources:
        raise IllegalReviewMove(f"A review that is {state} cannot be moved by {move}.", hint=hint_for(state))
    if rule.needs_reason and not reason.strip():
        problem = Problem("required", f"Say why, to {move}; the author reads it.", pointer="/reason")
        raise InvalidInput(problems=[problem])
    return rule.target


def hint_for(state: str) -> str:
    """Return the sentence that names what is legal from `state`."""
    return f"Legal from {state}: {', '.join(legal_moves(state))}."
