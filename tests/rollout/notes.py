"""Calls of a switch as a recorder sees them, for the tests: who called, decided by a flag at 50 %."""

from decimal import Decimal
from typing import Any

from rollout.calls import Call
from rollout.eligibility import Decision, FlagState
from rollout.identity import Identity, Source
from rollout.snapshot import Snapshot
from rollout.stages import Stage

FEATURE, OPERATION = "api_v4_restaurants", "restaurants.search"
FLAG = FlagState(1, FEATURE, "api_v4", Stage.PARTIAL, Decimal(50), attempt=3)


def decided(who: str, version: int = 7) -> Decision:
    return Snapshot([FLAG], version=version, secret="tests").decide(FEATURE, who)


def call(who: str = "u:1", *, version: int = 7, source: Source = "user", fails: bool = False, **about: Any) -> Call:
    made = Call(FEATURE, OPERATION, Identity(who, source), decided(who, version), FLAG, **about)
    if fails:
        made.blame(ZeroDivisionError(), recovered=True)
    return made
