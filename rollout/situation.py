"""What a decision about a rollout is made of: what was seen, what is proven, what the step allows. Pure values."""

from dataclasses import dataclass, field
from datetime import timedelta

from rollout.evidence import Regression
from rollout.proof import Standing
from rollout.sample_ratio import SampleRatio
from rollout.stages import PlanStep, Stage
from rollout.step_limits import Excess, Kept

WINDOW = timedelta(minutes=5)
"""How far back the rates of a `Window` look."""
STALEST = timedelta(seconds=10)
"""The oldest that the newest sample may be: twice a worker's lease."""


@dataclass(frozen=True, slots=True)
class ArmHealth:
    """The calls of one arm in the last 5 minutes, and how many there were since the step began."""

    calls: int = 0
    failures: int = 0
    p95_ms: float = 0.0
    calls_in_step: int = 0

    @property
    def error_percent(self) -> float:
        """Failures per hundred calls; 0 where there were no calls."""
        return 100 * self.failures / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """What the workers and probes reported, up to now."""

    control: ArmHealth
    candidate: ArmHealth
    age: timedelta | None = timedelta(0)
    """Of the newest sample of any worker; None when there never was one."""
    is_first_look: bool = False
    """An evaluator that has just begun has nothing to compare its first look with."""
    probes_down: tuple[str, ...] = ()
    """What both engines stand on and does not answer: database, cache."""
    workers: int = 1
    open_breakers: int = 0
    """Live workers on which a breaker of the feature is open."""
    in_step: timedelta = timedelta(0)
    lost_failures: int = 0
    """Failing people of this step that a worker had no room to note: enough to hold or roll back, never to prove."""
    critical_mismatches: int = 0
    """Answers of the two engines that differ in a critical field, accepted by nobody."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the processes say now. `excesses` and `kept` are of the step's limits, `proofs` of the step."""

    regression: Regression = field(default_factory=Regression)
    excesses: tuple[Excess, ...] = ()
    proofs: tuple[Standing, ...] = ()
    kept: tuple[Kept, ...] = ()
    """How far it is proven that v4 keeps the step's limits, which stands in where v3 gives nothing to compare with."""
    sample_ratio: SampleRatio = field(default_factory=SampleRatio)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the step allows and asks for."""

    step: PlanStep
    has_control: bool = True
    """False where nobody is on control: FULL without a holdout."""
    is_paused: bool = False
    """Somebody holds automatic widening; rolling back stays automatic."""
    critical_mismatches: int = 0

    @property
    def asks_proof(self) -> bool:
        """FULL does not wait for a proof: hardly anybody is left to compare with."""
        return self.step.stage is not Stage.FULL

    @property
    def goes_on_by_itself(self) -> bool:
        """Whether the guard may leave this step forwards."""
        return self.step.automatic and not self.is_paused


@dataclass(frozen=True, slots=True)
class Case:
    """All that one verdict rests on."""

    window: Window
    evidence: Evidence
    limits: Limits

    def errs(self, arm: ArmHealth) -> bool:
        """Whether an arm's failures are over the step's limit now."""
        return arm.error_percent > float(self.limits.step.max_error_percent)

    def dawdles(self, arm: ArmHealth) -> bool:
        """Whether an arm's p95 is over the step's limit now."""
        return arm.p95_ms > self.limits.step.p95_ms

    @property
    def short_of_calls(self) -> bool:
        """Whether an arm that people are on has had fewer calls in the step than it asks for."""
        arms = [self.window.candidate] + [self.window.control] * self.limits.has_control
        return any(arm.calls_in_step < self.limits.step.min_requests for arm in arms)

    @property
    def asked(self) -> tuple[Standing, ...]:
        """The proofs that the step waits for."""
        return tuple(proof for proof in self.evidence.proofs if proof.is_asked) if self.limits.asks_proof else ()

    @property
    def unproven(self) -> bool:
        """Whether a proof is asked for that has not been given, and still could be."""
        waiting = [proof for proof in self.asked if not (proof.is_proven or proof.is_saturated)]
        return bool(waiting or self.unkept) or (self.limits.asks_proof and not (self.asked or self.asked_of_limits))

    @property
    def asked_of_limits(self) -> tuple[Kept, ...]:
        """The limits that v4 is to be proven to keep: those of metrics in which v3 gives nothing to compare with."""
        compared = {proof.metric for proof in self.asked}
        return tuple(one for one in self.evidence.kept if one.metric not in compared) if self.limits.asks_proof else ()

    @property
    def unkept(self) -> tuple[Kept, ...]:
        """Of these, the ones that are not proven yet."""
        return tuple(one for one in self.asked_of_limits if not one.is_proven)

    @property
    def lost(self) -> int:
        """How many failing people a proof of this step has to do without, which it cannot."""
        return self.window.lost_failures if self.limits.asks_proof else 0

    @property
    def exceeded(self) -> tuple[Excess, ...]:
        """The step's limits that v4 is over for certain."""
        return tuple(excess for excess in self.evidence.excesses if excess.is_proven)

    @property
    def in_doubt(self) -> bool:
        """Whether something speaks against going on although nothing speaks for going back."""
        return bool(self.lost or self.exceeded)

    @property
    def dwell_left(self) -> timedelta:
        """How much longer the step has to stand, at least."""
        return max(self.limits.step.dwell - self.window.in_step, timedelta(0))
