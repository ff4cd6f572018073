"""The answers' shapes, for the schema; `rollout.documents` and `rollout.status` make them."""

from typing import Any, Literal, TypedDict

Stage = Literal["disabled", "testing", "partial", "full", "complete"]


class PositionShape(TypedDict):
    """Where a feature stands."""

    stage: Stage
    percentage: float
    holdout: float


class PropagationShape(TypedDict):
    """How far a version has got among the workers."""

    version: int
    workers: int
    current: int
    slowest_s: float | None
    behind: list[str]
    unconfirmed: list[str]
    done: bool
    forces: dict[str, dict[str, str]]


class VerdictShape(TypedDict):
    """What the guard thinks of the present attempt."""

    verdict: Literal["hold", "ready", "advance", "rollback"]
    reason: str
    sentence: str
    evidence: float
    at: str


class FeatureShape(TypedDict):
    """One feature. `effective_percentage` is what its prerequisites leave of its own share."""

    name: str
    enabled: bool
    description: str
    stage: Stage
    percentage: float
    effective_percentage: float
    holdout: float
    paused: bool
    attempt: int
    version: int
    cohort: str
    prerequisite: str | None
    entered_at: str
    verdict: VerdictShape | None


class StepShape(TypedDict):
    """One step of a plan."""

    stage: Stage
    percentage: float
    dwell_s: float
    min_requests: int
    max_error_percent: float
    p95_ms: int
    automatic: bool


class OverrideShape(TypedDict):
    """One identity that is in or out whatever its slot says."""

    identity: str
    is_in: bool


class DrillShape(TypedDict):
    """A fault that is being injected."""

    fault: Literal["error", "slow", "wrong"]
    rate: float
    delay_ms: int
    operation: str | None
    identities: list[str]
    match: str | None
    expires_at: str
    actor: str
    reason: str


class FeatureDetailShape(FeatureShape):
    """One feature with its plan, its exceptions, what it gates and its live drills."""

    plan: list[StepShape]
    testers: list[str]
    overrides: list[OverrideShape]
    drills: list[DrillShape]
    gates: list[str]


class OverallShape(TypedDict):
    """All features in three numbers."""

    enabled_features: int
    total_features: int
    migration_percentage: float


class StagesShape(TypedDict):
    """How many features are in each stage."""

    disabled: int
    testing: int
    partial: int
    full: int
    complete: int


class RolloutShape(TypedDict):
    """The original's summary; null where nothing is recorded."""

    current_percentage: float
    current_stage: Stage
    total_users_affected: int | None
    is_healthy: bool | None
    error_rate: float | None
    alerts_count: int | None


class GuardShape(TypedDict):
    """Who watches; null where no guard ever has."""

    leader: str
    ticked_at: str
    is_stalled: bool


class StatusShape(TypedDict):
    """The whole picture."""

    timestamp: str
    overall_status: OverallShape
    feature_flags: dict[str, dict[str, Any]]
    stages: StagesShape
    propagation: PropagationShape
    rollout: RolloutShape
    guard: GuardShape | None
    ledger_head: str


class ExplanationShape(TypedDict):
    feature: str
    identity: str
    arm: Literal["control", "candidate"]
    served_by: Literal["v3", "v4"]
    reason: str
    why: str
    position: str
    slot_percent: float
    share_percent: float
    version: int


LineShape = TypedDict(
    "LineShape",
    {
        "id": int,
        "at": str,
        "feature": str,
        "move": str,
        "actor": str,
        "reason": str,
        "from": PositionShape,
        "to": PositionShape,
        "attempt": int,
        "version": int,
        "request_id": str | None,
        "evidence": dict[str, Any],
        "details": dict[str, Any],
        "previous_hash": str,
        "hash": str,
    },
)


class VerificationShape(TypedDict):
    """What a walk along the ledger's chain found."""

    holds: bool
    lines: int
    head: str
    problem: str | None
    broken_at: int | None


class MoversShape(TypedDict):
    """What becomes of the people and keys that are known; the names are the first 100 each way."""

    known: int
    on_v4: int
    into_v4: int
    into_v3: int
    names_into_v4: list[str]
    names_into_v3: list[str]


class ShareShape(TypedDict):
    """The share of all identities on v4, 0 to 1."""

    before: float
    after: float


class TollShape(TypedDict):
    """How many people meet a failing v4 before it is rolled back, and what would end it."""

    people: int
    detector: Literal["evidence", "step_limit", "breakers"]


class TollsShape(TypedDict):
    """The same for a v4 that fails always and for one that fails one call in five; null where no number can be told."""

    failing_always: TollShape | None
    failing_one_in_five: TollShape | None
    people_per_hour: float
    unknown_because: str | None


class RadiusShape(TypedDict):
    """Whom a move would concern; made in a dry run. `evidence_share` is of the last hour's calls."""

    sentence: str
    details: list[str]
    movers: MoversShape
    share: ShareShape
    people_before_rollback: TollsShape
    evidence_share: float | None
    by_hand_only: bool
    dependants: dict[str, MoversShape]
    opinion: str | None


class ConditionShape(TypedDict):
    """One condition of the certificate for COMPLETE."""

    name: Literal["stage", "holdout", "quiet", "parity", "prerequisites", "guard"]
    met: bool
    sentence: str


class CertificateShape(TypedDict):
    """What shows that the v3 engine is not needed any more."""

    feature: str
    given: bool
    conditions: list[ConditionShape]


class LedgerShape(TypedDict):
    """The line that a move wrote."""

    id: int
    hash: str


OutcomeShape = TypedDict(
    "OutcomeShape",
    {
        "feature": str,
        "result": Literal["moved", "already_so", "refused", "not_done"],
        "from": PositionShape,
        "to": PositionShape,
        "version": int,
        "notes": list[str],
        "ledger": LedgerShape | None,
        "error": dict[str, Any] | None,
        "radius": RadiusShape | None,
    },
)


class ReportShape(TypedDict):
    """What a move did. `confirmed`: whether every live worker follows; null when nothing was waited for."""

    move: str
    dry_run: bool
    control_version: int
    features: list[OutcomeShape]
    propagation: PropagationShape
    confirmed: bool | None


class AlertShape(TypedDict):
    """Something that is or was wrong. `feature` is null for what is about the whole service."""

    id: int
    name: str
    feature: str | None
    severity: Literal["warning", "critical"]
    message: str
    advice: str
    details: dict[str, Any]
    opened_at: str
    seen_at: str
    times: int
    acknowledged_at: str | None
    acknowledged_by: str | None
    resolved_at: str | None
