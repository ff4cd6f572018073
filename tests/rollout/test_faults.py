"""A drill harms exactly the calls that it is meant for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jewgo.core.errors import NotFound
from rollout.eligibility import DrillState
from rollout.faults import Call, DrillFault, strike

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
CALL = Call("restaurants.search", "u:3", writes=False, query="{'q': 'כשר'}", answer='{"city":"Miami"}')
ERROR = DrillState("error", NOW + timedelta(seconds=1))


def is_struck(drill: DrillState, call: Call = CALL, *, now: datetime = NOW, chance: float = 0.0) -> bool:
    try:
        strike([drill], call, now=now, chance=chance, sleep=_never)
    except DrillFault:
        return True
    return False


@pytest.mark.parametrize(
    ("limits", "struck"),
    [
        ({}, True),
        ({"operation": "restaurants.search"}, True),
        ({"operation": "restaurants.list"}, False),
        ({"identities": frozenset({"u:3", "u:4"})}, True),
        ({"identities": frozenset({"u:4"})}, False),
        ({"match": "כשר"}, True),
        ({"match": "Miami"}, True),
        ({"match": "Boston"}, False),
    ],
)
def test_a_drill_is_limited_by_operation_identity_and_text(limits: dict[str, Any], struck: bool) -> None:
    assert is_struck(replace(ERROR, **limits)) is struck


@pytest.mark.parametrize(("chance", "struck"), [(0.0, True), (0.24, True), (0.25, False), (0.99, False)])
def test_the_rate_is_the_share_of_calls_that_are_struck(chance: float, struck: bool) -> None:
    assert is_struck(replace(ERROR, rate=0.25), chance=chance) is struck


def test_an_expired_drill_does_nothing() -> None:
    assert not is_struck(ERROR, now=ERROR.expires_at)


def test_slow_answers_late() -> None:
    slept: list[float] = []

    strike([DrillState("slow", ERROR.expires_at, delay_ms=300)], CALL, now=NOW, chance=0, sleep=slept.append)

    assert slept == [0.3]


def test_wrong_answers_that_there_is_nothing() -> None:
    with pytest.raises(NotFound):
        strike([DrillState("wrong", ERROR.expires_at)], CALL, now=NOW, chance=0, sleep=_never)


def test_wrong_spares_writes_whose_refusal_would_reach_the_client() -> None:
    strike([DrillState("wrong", ERROR.expires_at)], replace(CALL, writes=True), now=NOW, chance=0, sleep=_never)


def _never(_: float) -> None:
    pytest.fail("nobody was to sleep")
