"""The stages: every legal move, every refusal with what helps, and what a plan says next."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import stages
from rollout.stages import (
    DEFAULT_PLAN,
    IllegalMove,
    InvalidPercentage,
    PlanStep,
    Position,
    Stage,
    parse_percentage,
)

D = Decimal
DISABLED = Position(Stage.DISABLED, D(0))
TESTING = Position(Stage.TESTING, D(0))
TEN = Position(Stage.PARTIAL, D(10))
FULL = Position(Stage.FULL, D(100), D(10))
COMPLETE = Position(Stage.COMPLETE, D(100), D(0))
EVERYWHERE = (DISABLED, TESTING, TEN, FULL, COMPLETE)

percentages = st.integers(1, 10_000).map(lambda n: D(n) / 100)
holdouts = st.integers(0, 5_000).map(lambda n: D(n) / 100)
positions = st.one_of(
    st.just(DISABLED),
    st.builds(lambda h: Position(Stage.TESTING, D(0), h), holdouts),
    st.builds(lambda p, h: Position(Stage.PARTIAL, p, h), percentages, holdouts),
    st.builds(lambda h: Position(Stage.FULL, D(100), h), holdouts),
    st.just(COMPLETE),
)


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        (stages.start, (TESTING, TESTING, TEN, FULL, COMPLETE)),
        (stages.rollback, (DISABLED, DISABLED, DISABLED, DISABLED, "reopen")),
        (stages.complete, ("start", "advance", "advance", COMPLETE, COMPLETE)),
        (stages.reopen, ("", "", "", FULL, Position(Stage.FULL, D(100), D(0)))),
        (
            lambda here: stages.advance(here, DEFAULT_PLAN),
            ("start", Position(Stage.PARTIAL, D(1)), Position(Stage.PARTIAL, D(25)), "complete", ""),
        ),
        (
            lambda here: stages.set_percentage(here, D(40)),
            ("start", Position(Stage.PARTIAL, D(40)), Position(Stage.PARTIAL, D(40)), "rollback", "reopen"),
        ),
        (
            lambda here: stages.set_holdout(here, D(1)),
            (
                "start",
                Position(Stage.TESTING, D(0), D(1)),
                Position(Stage.PARTIAL, D(10), D(1)),
                Position(Stage.FULL, D(100), D(1)),
                "reopen",
            ),
        ),
    ],
    ids=["start", "rollback", "complete", "reopen", "advance", "set", "holdout"],
)
def test_every_move_is_legal_from_where_it_should_be_and_else_names_what_helps(move: Any, expected: Any) -> None:
    for here, outcome in zip(EVERYWHERE, expected, strict=True):
        if isinstance(outcome, Position):
            assert move(here) == outcome
        else:
            with pytest.raises(IllegalMove) as refusal:
                move(here)
            assert refusal.value.instead == outcome


def test_the_default_plan_is_walked_from_testing_to_full() -> None:
    here, walked = TESTING, []

    while here.stage is not Stage.FULL:
        here = stages.advance(here, DEFAULT_PLAN)
        walked.append(str(here))

    assert walked == ["PARTIAL 1 %", "PARTIAL 10 %", "PARTIAL 25 %", "PARTIAL 50 %", "FULL less 10 % holdout"]


def test_the_default_plan_has_the_limits_that_the_rollout_is_documented_with() -> None:
    assert [step.max_error_percent for step in DEFAULT_PLAN] == [5, 5, 3, 2, 1]
    assert [step.p95_ms for step in DEFAULT_PLAN] == [1000, 1000, 800, 600, 500]
    assert {(step.dwell.total_seconds(), step.min_requests) for step in DEFAULT_PLAN} == {(24 * 3600, 100)}
    assert [step.automatic for step in DEFAULT_PLAN] == [True, True, True, True, False]


def test_a_plan_without_a_further_step_says_so_and_names_set() -> None:
    plan = (PlanStep(Stage.PARTIAL, D(5)),)

    with pytest.raises(IllegalMove, match="no step beyond PARTIAL 10 %") as refusal:
        stages.advance(TEN, plan)

    assert refusal.value.instead == "set"


@pytest.mark.parametrize(("percentage", "is_off"), [("10", False), ("17", True), ("0.01", True), ("50", False)])
def test_a_percentage_between_the_steps_is_off_the_plan(percentage: Any, is_off: bool) -> None:
    assert stages.is_off_plan(Position(Stage.PARTIAL, D(percentage)), DEFAULT_PLAN) is is_off


def test_testing_and_complete_are_never_off_the_plan() -> None:
    assert not any(stages.is_off_plan(here, DEFAULT_PLAN) for here in (DISABLED, TESTING, COMPLETE))


def test_zero_percent_is_refused_and_names_rollback() -> None:
    with pytest.raises(IllegalMove) as refusal:
        stages.set_percentage(TEN, D(0))

    assert refusal.value.instead == "rollback"


@pytest.mark.parametrize("value", ["10", "10%", " 10 % ", 10, D("10.00"), "1e1"])
def test_a_percentage_is_read_as_it_is_written(value: Any) -> None:
    assert parse_percentage(value) == D(10)


@pytest.mark.parametrize(
    "value", ["", "ten", "-1", "100.01", "0.001", "NaN", "Infinity", "1e999999", None, "10,5", "%"]
)
def test_what_is_no_percentage_is_refused(value: Any) -> None:
    with pytest.raises(InvalidPercentage):
        parse_percentage(value)


def test_a_holdout_above_a_half_is_refused() -> None:
    with pytest.raises(InvalidPercentage, match="0 to 50"):
        stages.set_holdout(FULL, D("50.01"))


@pytest.mark.parametrize("here", [DISABLED, COMPLETE])
def test_there_is_no_widening_to_hold_before_the_start_or_after_the_end(here: Position) -> None:
    with pytest.raises(IllegalMove):
        stages.hold_widening(here)


@given(positions)
def test_advancing_never_drops_anybody(here: Position) -> None:
    try:
        there = stages.advance(here, DEFAULT_PLAN)
    except IllegalMove:
        return

    assert there.share >= here.share
    assert stages.widens(here, there)


@given(positions)
def test_rollback_leaves_nobody_on_v4(here: Position) -> None:
    """The original fails it: its rollback set the percentage to 0 and left everyone on v4. We pass it."""
    try:
        there = stages.rollback(here)
    except IllegalMove:
        assert here.stage is Stage.COMPLETE
        return

    assert (there.stage, there.share) == (Stage.DISABLED, D(0))
    assert stages.rollback(there) == there


@given(positions, percentages)
def test_narrowing_is_not_widening(here: Position, percentage: Any) -> None:
    try:
        there = stages.set_percentage(here, percentage)
    except IllegalMove:
        return

    if here.stage is Stage.PARTIAL:
        assert stages.widens(here, there) is (percentage > here.percentage)


@given(positions)
def test_reopening_moves_nobody(here: Position) -> None:
    try:
        there = stages.reopen(here)
    except IllegalMove:
        return

    assert there.share == here.share


STANDS_ON = {"a": None, "b": "a", "c": "b", "d": "a", "e": None}


def test_prerequisites_are_found_nearest_first() -> None:
    assert stages.chain("c", STANDS_ON) == ["b", "a"]
    assert stages.chain("e", STANDS_ON) == []


def test_dependants_are_found_however_far() -> None:
    assert stages.dependants("a", STANDS_ON) == ["b", "c", "d"]


def test_what_stands_on_something_is_moved_after_it() -> None:
    assert stages.prerequisites_first(["c", "d", "b", "e", "a"], STANDS_ON) == ["a", "e", "b", "d", "c"]


@pytest.mark.parametrize(("disabled", "expected"), [(set(), []), ({"a"}, ["a"]), ({"a", "b"}, ["b", "a"]), ({"c"}, [])])
def test_widening_waits_for_every_disabled_prerequisite(disabled: set[str], expected: Any) -> None:
    assert stages.blocking_prerequisites("c", STANDS_ON, frozenset(disabled)) == expected


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([None, *"abcdef"])))
def test_a_circle_of_prerequisites_ends_the_search(prerequisites: dict[str, str | None]) -> None:
    for name in prerequisites:
        assert len(stages.chain(name, prerequisites)) <= 6
