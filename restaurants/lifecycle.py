"""Where a restaurant's record stands in its life, and which moves are legal from there: a table, read by every door."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices

from jewgo.core.errors import Conflict
from jewgo.core.lifecycle import Lifecycle, Rule


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


MOVES: Final[Mapping[Move, Rule[RecordState]]] = {
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


_LIFE: Final = Lifecycle("record", MOVES, IllegalRecordMove, tuple(MOVES))
legal_moves, move_between, after = _LIFE.legal_moves, _LIFE.move_between, _LIFE.after
