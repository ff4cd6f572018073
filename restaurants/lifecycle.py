"""Where a restaurant's record stands in its life, and which moves are legal from there: a table, read by every door."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import TextChoices

from jewgo.core.errors import Conflict, InvalidInput, Problem


class RecordState(TextChoices):
    """pending → approved | rejected → suspended → closed; deletion is separate, soft and recoverable."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Move(TextChoices):
    """What a keeper does with a record; the value is also the action in the history."""

    APPROVE = "approve"
    REJECT = "reject"
    SUSPEND = "suspend"
    CLOSE = "close"
    REOPEN = "reopen"
    RESUBMIT = "resubmit"


@dataclass(frozen=True, slots=True)
class Rule:
    """From where a move is legal, where it leads, and whether somebody has to say why."""

    sources: frozenset[RecordState]
    target: RecordState
    needs_reason: bool = False


MOVES: Final[Mapping[Move, Rule]] = {
    Move.APPROVE: Rule(frozenset({RecordState.PENDING, RecordState.SUSPENDED}), RecordState.APPROVED),
    Move.REJECT: Rule(frozenset({RecordState.PENDING}), RecordState.REJECTED, needs_reason=True),
    Move.SUSPEND: Rule(frozenset({RecordState.APPROVED}), RecordState.SUSPENDED, needs_reason=True),
    Move.CLOSE: Rule(frozenset({RecordState.APPROVED, RecordState.SUSPENDED}), RecordState.CLOSED),
    Move.REOPEN: Rule(frozenset({RecordState.CLOSED}), RecordState.APPROVED),
    Move.RESUBMIT: Rule(frozenset({RecordState.REJECTED}), RecordState.PENDING),
}


class IllegalRecordMove(Conflict):
    """The record stands where this move does not start."""

    code, title = "illegal_record_move", "This move is not legal from where the record stands"


def legal_moves(state: str) -> tuple[Move, ...]:
    """Return the moves that start at `state`, in the table's order."""
    return tuple(move for move, rule in MOVES.items() if state in rule.sources)


def move_between(state: str, target: str) -> Move:
    """Return the move that leads from `state` to `target`; raises `IllegalRecordMove` when there is none."""
    for move in legal_moves(state):
        if MOVES[move].target == target:
            return move
    raise IllegalRecordMove(f"A record that is {state} cannot become {target}.", hint=hint_for(state))


def after(move: Move, state: str, reason: str = "") -> RecordState:
    """Return where `move` leads from `state`; raises `IllegalRecordMove`, and `InvalidInput` without its reason."""
    rule = MOVES[move]
    if state not in rule.sources:
        raise IllegalRecordMove(f"A record that is {state} cannot be moved by {move}.", hint=hint_for(state))
    if rule.needs_reason and not reason.strip():
        problem = Problem("required", f"Say why, to {move}.", pointer="/reason")
        raise InvalidInput(problems=[problem])
    return rule.target


def hint_for(state: str) -> str:
    """Return the sentence that names what is legal from `state`."""
    return f"Legal from {state}: {', '.join(legal_moves(state))}."
