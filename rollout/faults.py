"""The faults that a drill injects into the candidate. Pure: clock, chance and sleep are arguments."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from jewgo.core.errors import NotFound
from rollout.eligibility import DrillState


class DrillFault(Exception):
    """Raised by a drill in the candidate's place; the control answers, as it would after a real defect."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a candidate, as far as a drill may choose by it."""

    operation: str
    identity: str
    writes: bool
    query: str
    answer: str


def strike(
    drills: Iterable[DrillState], call: Call, *, now: datetime, chance: float, sleep: Callable[[float], None]
) -> None:
    """Let every live drill that is meant for this call do its harm.

    `chance` is one random number, 0 to 1, for all of them. `wrong` spares writes: a refusal of a write reaches the
    client, and a drill harms nobody.
    """
    for drill in drills:
        if _is_meant(drill, call) and now < drill.expires_at and chance < drill.rate:
            _harm(drill, call, sleep)


def _is_meant(drill: DrillState, call: Call) -> bool:
    return (
        drill.operation in {None, call.operation}
        and (not drill.identities or call.identity in drill.identities)
        and (drill.match is None or drill.match in call.query or drill.match in call.answer)
    )


def _harm(drill: DrillState, call: Call, sleep: Callable[[float], None]) -> None:
    match drill.fault:
        case "error":
            raise DrillFault(f"a drill makes {call.operation} fail")
        case "slow":
            sleep(drill.delay_ms / 1000)
        case "wrong" if not call.writes:
            raise NotFound("There is no such thing here")
