"""What somebody can be alerted of: the kinds, how urgent each is, and what to do about it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """Whether somebody should be woken for it."""

    WARNING = "warning"
    CRITICAL = "critical"


class Kind(StrEnum):
    """The names of alerts; those that the guard's verdict raises are the verdict's own words."""

    SLOW_REQUEST = "slow_request"
    HIGH_ERROR_RATE = "high_error_rate"
    HIGH_MEMORY = "high_memory"
    HIGH_CPU = "high_cpu"
    DATABASE = "database"
    CACHE = "cache"
    CACHE_HIT_RATE = "cache_hit_rate"
    SHARED_FAULT = "shared_fault"
    HARD_FAULT = "hard_fault"
    REGRESSED = "regressed"
    SLO = "slo"
    GUARD_STALLED = "guard_stalled"
    SAMPLE_RATIO = "sample_ratio"
    PARITY = "parity"


ROLLBACKS = frozenset({Kind.REGRESSED, Kind.SLO, Kind.HARD_FAULT})
"""An automatic rollback is told each time, however soon it follows the last one."""

CRITICAL = ROLLBACKS | {Kind.HIGH_ERROR_RATE, Kind.DATABASE, Kind.SHARED_FAULT, Kind.GUARD_STALLED}

ADVICE: Mapping[str, str] = {
    Kind.SLOW_REQUEST: "See which arm is slow: manage.py rollout status. If it is v4, set a lower percentage.",
    Kind.HIGH_ERROR_RATE: "Find the fingerprints in the log. If v4 fails: manage.py rollback FEATURE --reason …",
    Kind.HIGH_MEMORY: "Find the process that grows, and restart it; fewer WORKERS need less.",
    Kind.HIGH_CPU: "Find the process that is busy: a new release is rolled back, grown load needs another machine.",
    Kind.DATABASE: "Bring PostgreSQL back. Until then decisions stay as they are and moves are not possible.",
    Kind.CACHE: "Bring Redis back. Until then answers are computed; no decision depends on it.",
    Kind.CACHE_HIT_RATE: "Look for keys that change too often, or a Redis whose memory is too small (evicted_keys).",
    Kind.SHARED_FAULT: "Mend what both engines stand on; going back to v3 would help nobody.",
    Kind.HARD_FAULT: "v4 was rolled back. Read the flight record: manage.py rollout flight FEATURE.",
    Kind.REGRESSED: "v4 was rolled back. Read the flight record: manage.py rollout flight FEATURE.",
    Kind.SLO: "v4 was rolled back. Read the flight record: manage.py rollout flight FEATURE.",
    Kind.GUARD_STALLED: "Restart manage.py rollout_guard. Until then nothing is widened or rolled back by itself.",
    Kind.SAMPLE_RATIO: "Do not widen. Look for callers that never reach a switch, or a proxy that caches answers.",
    Kind.PARITY: "Compare the differences; mend v4, or accept them with a reason.",
}


@dataclass(frozen=True, slots=True)
class Raised:
    """Something that is wrong now. An empty feature: it is about the whole service. The message has the numbers."""

    name: Kind
    message: str
    feature: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """How urgent its kind is."""
        return Severity.CRITICAL if self.name in CRITICAL else Severity.WARNING

    @property
    def key(self) -> tuple[str, str]:
        """What at most one alert is open of."""
        return self.name.value, self.feature

    @property
    def columns(self) -> dict[str, Any]:
        """What an alert stores of it."""
        return {
            "name": self.name.value,
            "feature": self.feature,
            "severity": self.severity.value,
            "message": self.message,
            "details": dict(self.details),
        }


def advice(name: str, feature: str) -> str:
    """Return what to do about an alert, with its feature in the commands; empty for a kind that is no more."""
    told = ADVICE.get(name, "")
    return told.replace("FEATURE", feature) if feature else told
