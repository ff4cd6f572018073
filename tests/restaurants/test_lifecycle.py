"""The table of legal moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jewgo.core.errors import InvalidInput
from restaurants.lifecycle import MOVES, IllegalRecordMove, Move, RecordState, after, legal_moves, move_between

TABLE = {
    ("pending", "approve"): "approved",
    ("pending", "reject"): "rejected",
    ("approved", "suspend"): "suspended",
    ("approved", "close"): "closed",
    ("suspended", "approve"): "approved",
    ("suspended", "close"): "closed",
    ("closed", "reopen"): "approved",
    ("rejected", "resubmit"): "pending",
}


@pytest.mark.parametrize("state", RecordState.values)
@pytest.mark.parametrize("move", list(Move))
def test_a_move_leads_where_the_table_says_or_is_refused_with_the_legal_ones(state: str, move: Move) -> None:
    target = TABLE.get((state, move.value))

    if target is None:
        with pytest.raises(IllegalRecordMove) as refusal:
            after(move, state, "because")
        assert refusal.value.hint == f"Legal from {state}: {', '.join(legal_moves(state))}."
    else:
        assert after(move, state, "because") == target


@pytest.mark.parametrize("move", [Move.REJECT, Move.SUSPEND])
@pytest.mark.parametrize("reason", ["", "  "])
def test_who_turns_a_place_away_says_why(move: Move, reason: str) -> None:
    [state] = MOVES[move].sources

    with pytest.raises(InvalidInput) as refusal:
        after(move, state, reason)

    assert [problem.pointer for problem in refusal.value.problems] == ["/reason"]


@given(moves=st.lists(st.sampled_from(list(Move)), max_size=30))
def test_no_state_is_a_dead_end(moves: list[Move]) -> None:
    state = RecordState.PENDING
    for move in moves:
        if move in legal_moves(state):
            state = after(move, state, "because")

    assert legal_moves(state)


def test_the_move_between_two_states_is_found_or_refused() -> None:
    assert move_between("pending", "approved") is Move.APPROVE
    assert move_between("closed", "approved") is Move.REOPEN
    with pytest.raises(IllegalRecordMove, match="A record that is rejected cannot become approved"):
        move_between("rejected", "approved")
