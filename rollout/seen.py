"""What a report saw of the service and of each feature: what recommendations are made from. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from rollout.stages import Position, Stage


@dataclass(frozen=True, slots=True)
class AlertSeen:
    """An open alert that nobody has acknowledged."""

    name: str
    feature: str
    open_for: timedelta


@dataclass(frozen=True, slots=True)
class PlatformSeen:
    """The whole service. `guard_age` is None where no guard ever looked; `breakers` counts workers by operation."""

    is_migrating: bool
    workers: int
    guard_age: timedelta | None = None
    unconfirmed: tuple[str, ...] = ()
    forces: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    breakers: Mapping[str, int] = field(default_factory=dict)
    alerts: tuple[AlertSeen, ...] = ()
    retired: tuple[str, ...] = ()
    """Files of the v3 engine all of whose features are COMPLETE."""


@dataclass(frozen=True, slots=True)
class ArmSeen:
    """The calls of one arm of an operation in the period of the report."""

    calls: int = 0
    failures: int = 0
    p95_ms: float = 0.0

    @property
    def error_percent(self) -> float:
        """Failures per hundred calls."""
        return 100 * self.failures / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class OperationSeen:
    """One operation on both arms."""

    name: str
    control: ArmSeen = ArmSeen()
    candidate: ArmSeen = ArmSeen()


@dataclass(frozen=True, slots=True)
class FlightSeen:
    """The rollback that brought a feature where it is."""

    number: int
    ago: timedelta
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeatureSeen:
    """One feature. `share` is effective, 0 to 100; `verdict` is empty where the guard never judged this attempt."""

    name: str
    position: Position
    here_for: timedelta
    period: timedelta = timedelta(hours=24)
    share: float = 0.0
    is_paused: bool = False
    is_measured: bool = True
    """Whether calls are counted for it: whether it, or what stands on it, switches operations."""
    dwell: timedelta | None = None
    verdict: str = ""
    verdict_for: timedelta = timedelta(0)
    evidence_share: float | None = None
    last_call_ago: timedelta | None = None
    operations: tuple[OperationSeen, ...] = ()
    flight: FlightSeen | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether some people get v4 and v3 still answers."""
        return self.position.stage in {Stage.TESTING, Stage.PARTIAL, Stage.FULL}

    def calls(self, arm: str) -> int:
        """Return the calls of `control` or `candidate` over all its operations."""
        return sum(getattr(one, arm).calls for one in self.operations)
