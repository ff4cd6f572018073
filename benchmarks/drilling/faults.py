"""How v4 is made to fail in a drill, and which answers show it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.drilling.asking import RESTAURANTS
from benchmarks.drilling.crowd import Heard

SLOW_MS = 400
LASTS_S = 110


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail; `drill` is what the rollout's drill is told."""

    name: str
    told: str
    drill: Mapping[str, Any]
    is_met: Callable[[Heard], bool]
    """Whether this answer is one that the fault has spoilt, as far as the client can see."""

    @property
    def body(self) -> dict[str, Any]:
        """Return the body of the move."""
        return {"features": [RESTAURANTS], "lasts_s": LASTS_S, **self.drill}


def _fell_back(heard: Heard) -> bool:
    return heard.reason == "fallback"


def _was_late(heard: Heard) -> bool:
    return heard.engine == "v4" and f"={RESTAURANTS};" in heard.served and heard.took_ms >= SLOW_MS


FAULTS = (
    Fault("always", "v4 fails always", {"fault": "error"}, _fell_back),
    Fault("fifth", "v4 fails 20 % of calls", {"fault": "error", "rate": 0.2}, _fell_back),
    Fault("slow", f"v4 is {SLOW_MS} ms late", {"fault": "slow", "delay_ms": SLOW_MS}, _was_late),
    Fault("operation", "v4 fails in search only", {"fault": "error", "operation": "restaurants.search"}, _fell_back),
    Fault("hebrew", "v4 fails for Hebrew names only (with ר)", {"fault": "error", "match": "ר"}, _fell_back),
)
