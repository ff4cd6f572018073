"""One call of a switch as the recorder sees it, the sums it goes into, and both as plain rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jewgo.core.middleware import current_request_id
from rollout.eligibility import Decision, FlagState, Reason
from rollout.failures import fingerprint, place
from rollout.identity import Identity

COUNTED = frozenset({"user", "key", "cookie"})
"""Sources of identities that may be evidence: who a client says it is, it could choose, and a network is no person."""

_NEVER = float("inf")

FAILURES, SLOW, OVER_P95 = "failures", "slow", "p95"
"""The metrics that a person can meet; the last is for the step's limit only."""


@dataclass(slots=True)
class Call:
    """One call of a switch, filled in as it goes on."""

    feature: str
    operation: str
    caller: Identity
    decision: Decision
    flag: FlagState | None
    is_eligible: bool = True
    """False while the operation's breaker is open here: then neither arm's calls are evidence."""
    is_client_error: bool = False
    instead: Reason | None = None
    """Why v3 answered although v4 was assigned and not asked: breaker or bulkhead."""
    has_failed: bool = False
    """Whether the engine that the arm calls first failed, whatever came afterwards."""
    has_recovered: bool = False
    """Whether v3 then answered the same request."""
    fingerprint: str = ""
    place: str = ""
    request_id: str = ""

    @property
    def is_ordinary(self) -> bool:
        """Whether the assigned engine answered, as it does nearly always."""
        return not (self.has_failed or self.is_client_error or self.instead)

    @property
    def is_evidence(self) -> bool:
        """Whether the two arms of such calls can be compared."""
        return self.is_eligible and self.decision.compares and self.caller.source in COUNTED and self.flag is not None

    @property
    def attempt(self) -> int:
        """The try at rolling the feature out that the call belongs to, 0 for none."""
        return self.flag.attempt if self.flag else 0

    def blame(self, error: BaseException, *, recovered: bool) -> None:
        """Note that the engine which the arm calls first failed by `error`."""
        self.has_failed, self.has_recovered = True, recovered
        self.fingerprint, self.place = fingerprint(error), place(error)[:200]
        self.request_id = current_request_id()


@dataclass(slots=True)
class Cell:
    """The sums of one feature, operation and arm since the last delivery."""

    calls: int = 0
    eligible: int = 0
    client_errors: int = 0
    failures: int = 0
    recovered: int = 0
    breaker: int = 0
    bulkhead: int = 0
    lost: int = 0
    total_ms: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        """Add what became of a call, which itself is counted already."""
        self.client_errors += call.is_client_error
        self.failures += call.has_failed
        self.recovered += call.has_recovered
        self.breaker += call.instead is Reason.BREAKER
        self.bulkhead += call.instead is Reason.BULKHEAD


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one delivery holds, as rows of plain data by the columns of their tables."""

    sequence: int
    samples: list[dict[str, Any]]
    failures: list[dict[str, Any]]
    sightings: list[dict[str, Any]]


def is_late(call: Call, duration_ms: float) -> bool:
    """Say whether the call was longer than any limit: what is not, ends here without another look."""
    measure = call.flag.measure  # type: ignore[union-attr]  # evidence has a flag
    return duration_ms > measure.slow_ms.get(call.operation, _NEVER) or duration_ms > (measure.p95_ms or _NEVER)


def met(call: Call, duration_ms: float) -> list[str]:
    """Return the metrics that the caller met by this call, which is evidence."""
    measure = call.flag.measure  # type: ignore[union-attr]  # evidence has a flag
    found = [FAILURES] if call.has_failed else []
    if duration_ms > measure.slow_ms.get(call.operation, _NEVER):
        found.append(SLOW)
    if duration_ms > (measure.p95_ms or _NEVER):
        found.append(OVER_P95)
    return found


def person(call: Call) -> dict[str, Any]:
    """Return who called, on which arm of what."""
    return {
        "feature": call.feature,
        "attempt": call.attempt,
        "identity": call.caller.key,
        "arm": call.decision.arm.value,
        "share": call.decision.share,
    }


def samples(cells: Mapping[tuple[str, str, str], Cell]) -> list[dict[str, Any]]:
    """Return the sums as rows; their keys are feature, operation and arm."""
    return [
        {
            "feature": feature,
            "operation": operation,
            "arm": arm,
            "calls": cell.calls,
            "eligible": cell.eligible,
            "client_errors": cell.client_errors,
            "failures": cell.failures,
            "recovered": cell.recovered,
            "breaker": cell.breaker,
            "bulkhead": cell.bulkhead,
            "lost": cell.lost,
            "total_ms": round(cell.total_ms, 3),
            "buckets": list(cell.buckets),
            "counts": list(cell.buckets.values()),
        }
        for (feature, operation, arm), cell in cells.items()
    ]
