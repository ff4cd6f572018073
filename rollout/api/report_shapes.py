"""The shapes of a report and of flight records, for the schema."""

from typing import Any, Literal, TypedDict

from rollout.api.shapes import LineShape, PositionShape, PropagationShape, Stage, StepShape


class CallsShape(TypedDict):
    """What became of some calls of one arm. `by_v3_percent`: answered by v3 in v4's place."""

    calls: int
    eligible: int
    client_errors: int
    failures: int
    error_percent: float
    recovered: int
    breaker: int
    bulkhead: int
    by_v3_percent: float
    lost: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class PointShape(TypedDict):
    """The calls of one step of time: `control`, `candidate` and `contract`, where they have any."""

    at: str
    arms: dict[str, CallsShape]


class OperationShape(TypedDict):
    """The calls of one operation."""

    feature: str
    operation: str
    arms: dict[str, CallsShape]


class AlertShape(TypedDict):
    """An alert; `feature` is null where it is about the whole service."""

    id: int
    name: str
    feature: str | None
    severity: Literal["warning", "critical"]
    message: str
    opened_at: str
    seen_at: str
    times: int
    acknowledged_by: str | None
    resolved_at: str | None


class OpinionShape(TypedDict):
    """What the guard thinks of a feature. Evidence beyond all numbers is the text `inf`."""

    verdict: str
    reason: str
    sentence: str
    at: str
    age_s: float
    stood_for_s: float
    evidence: float | str
    enough: float
    proofs: list[dict[str, Any]]
    evidence_share: float | None


class StandingShape(TypedDict):
    """Where a feature stands; `verdict` is null where this attempt was never judged."""

    stage: Stage
    position: str
    percentage: float
    effective_percentage: float
    holdout: float
    paused: bool
    attempt: int
    entered_at: str
    here_for_s: float
    verdict: OpinionShape | None


class RecommendationShape(TypedDict):
    """One thing to do; `command` is empty where none does it, `feature` is null for the whole service."""

    code: str
    sentence: str
    feature: str | None
    command: str


RollbackShape = TypedDict(
    "RollbackShape",
    {
        "at": str,
        "feature": str,
        "attempt": int,
        "from": PositionShape,
        "actor": str,
        "reason": str,
        "ledger": int,
        "flight": int | None,
    },
)


class TrendsShape(TypedDict):
    """Calls by hour since `since`, and by day for 30 days; a step without a call is missing."""

    hour: list[PointShape]
    day: list[PointShape]


class GuardShape(TypedDict):
    """Who leads the guard, and when it last looked."""

    leader: str
    ticked_at: str
    age_s: float
    ticks: int


class PlatformShape(TypedDict):
    """Workers, guard, ledger; `guard` is null where none ever ran."""

    propagation: PropagationShape
    guard: GuardShape | None
    ledger_head: str


class WholeReportShape(TypedDict):
    """The report."""

    timestamp: str
    since: str
    features: dict[str, StandingShape]
    migration_percentage: float
    recommendations: list[RecommendationShape]
    operations: list[OperationShape]
    trends: TrendsShape
    alerts: list[AlertShape]
    rollbacks: list[RollbackShape]
    history: list[LineShape]
    platform: PlatformShape


FlightSummaryShape = TypedDict(
    "FlightSummaryShape",
    {
        "id": int,
        "at": str,
        "feature": str,
        "attempt": int,
        "actor": str,
        "reason": str,
        "from": PositionShape,
        "ledger": int,
    },
)


class LineNameShape(TypedDict):
    """The line of the ledger."""

    id: int
    hash: str


class JudgementShape(TypedDict):
    """What the guard thought, `age_s` before the rollback."""

    at: str
    age_s: float
    verdict: str
    reason: str
    sentence: str
    evidence: float | str
    document: dict[str, Any]


class CountersShape(TypedDict):
    """The calls of the last five minutes."""

    step_s: int
    points: list[PointShape]
    total: dict[str, CallsShape]


class LookShape(TypedDict):
    """The guard's judgement at one time."""

    at: str
    verdict: str
    reason: str
    evidence: float | str
    excess: float | str
    proof: float | str | None
    share: float


class PeopleOfArmsShape(TypedDict):
    """How many people."""

    candidate: int
    control: int


class ExceptionShape(TypedDict):
    """One fault, and whom it met."""

    fingerprint: str
    place: str
    operation: str
    people: PeopleOfArmsShape
    first_at: str
    last_at: str
    request_ids: list[str]


class AffectedShape(PeopleOfArmsShape):
    """Who met a metric; `identities` is null where they are too many to name."""

    identities: list[str] | None


class FailuresShape(TypedDict):
    """Who failed on what: from the newest rows, and `is_partial` where there were more."""

    rows_read: int
    is_partial: bool
    exceptions: list[ExceptionShape]
    people: dict[str, AffectedShape]


class WorkerShape(TypedDict):
    """A worker."""

    host: str
    pid: int
    release: str
    version: int
    open_breakers: list[str]
    seen_at: str


class ConfigShape(TypedDict):
    """What applied: the plan's step, what the workers measured, what environments forced."""

    step: StepShape | None
    measurement: dict[str, Any] | None
    forces: dict[str, dict[str, str]]


FlightShape = TypedDict(
    "FlightShape",
    {
        "id": int,
        "at": str,
        "feature": str,
        "attempt": int,
        "move": str,
        "actor": str,
        "reason": str,
        "from": PositionShape,
        "to": PositionShape,
        "request_id": str | None,
        "evidence": dict[str, Any],
        "ledger": LineNameShape,
        "judgement": JudgementShape | None,
        "counters": CountersShape,
        "evidence_over_time": list[LookShape],
        "failures": FailuresShape,
        "workers": list[WorkerShape],
        "config": ConfigShape,
        "drills": list[dict[str, Any]],
        "alerts": list[AlertShape],
        "moves": list[dict[str, Any]],
        "parity": str,
    },
)
