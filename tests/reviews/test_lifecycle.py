"""The table of moves."""

import pytest

from jewgo.core.errors import InvalidInput
from reviews.lifecycle import BY_MODERATORS, IllegalReviewMove, Move, ReviewState, after, legal_moves, move_between

P, A, R, F = ReviewState.PENDING, ReviewState.APPROVED, ReviewState.REJECTED, ReviewState.FLAGGED
TABLE = {
    (Move.APPROVE, P): A, (Move.APPROVE, R): A, (Move.APPROVE, F): A,
    (Move.REJECT, P): R, (Move.REJECT, A): R, (Move.REJECT, F): R,
    (Move.FLAG, P): F, (Move.FLAG, A): F,
    (Move.REQUEUE, A): P, (Move.REQUEUE, R): P, (Move.REQUEUE, F): P,
    (Move.EDIT, P): P, (Move.EDIT, A): P, (Move.EDIT, R): P, (Move.EDIT, F): P,
}  # fmt: skip


@pytest.mark.parametrize("state", ReviewState)
@pytest.mark.parametrize("move", Move)
def test_every_move_from_every_state(move: Move, state: ReviewState) -> None:
    if (move, state) in TABLE:
        assert after(move, state, "Because.") is TABLE[move, state]
    else:
        with pytest.raises(IllegalReviewMove):
            after(move, state, "Because.")


@pytest.mark.parametrize("state", ReviewState)
def test_what_is_called_legal_is_and_leads_where_it_says(state: ReviewState) -> None:
    for move in legal_moves(state):
        assert move in BY_MODERATORS
        assert move_between(state, after(move, state, "Because.")) is move


def test_only_a_rejection_needs_a_reason() -> None:
    assert after(Move.APPROVE, P) is A
    with pytest.raises(InvalidInput):
        after(Move.REJECT, P, "  ")


def test_there_is_no_move_from_rejected_to_flagged() -> None:
    with pytest.raises(IllegalReviewMove, match="rejected cannot become flagged"):
        move_between(R, F)
