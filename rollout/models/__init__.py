"""The tables of the rollout: control state, its ledger, who serves, what was measured, and alerts."""

from rollout.models.alerts import Alert, Delivery
from rollout.models.control import STAGES, Drill, Flag, Override, Step
from rollout.models.health import (
    Failure,
    FailureReport,
    Flush,
    HealthSample,
    Judgement,
    Look,
    Measurement,
    Sighting,
    SightingReport,
)
from rollout.models.ledger import FlightRecord, StageChange
from rollout.models.workers import Guard, Worker

__all__ = [
    "STAGES",
    "Alert",
    "Delivery",
    "Drill",
    "Failure",
    "FailureReport",
    "Flag",
    "FlightRecord",
    "Flush",
    "Guard",
    "HealthSample",
    "Judgement",
    "Look",
    "Measurement",
    "Override",
    "Sighting",
    "SightingReport",
    "StageChange",
    "Step",
    "Worker",
]
