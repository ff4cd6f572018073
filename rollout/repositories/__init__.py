"""The doors to the rollout's tables."""

from rollout.repositories.alerts import (
    AlertRepository,
    DeliveryRepository,
    UnknownAlert,
)
from rollout.repositories.control import (
    DrillRepository,
    FlagRepository,
    FlightRecordRepository,
    OverrideRepository,
    StageChangeRepository,
    StepRepository,
    UnknownFeature,
    WorkerRepository,
)
from rollout.repositories.health import (
    FailureReportRepository,
    FailureRepository,
    FlushRepository,
    GuardRepository,
    HealthSampleRepository,
    JudgementRepository,
    LookRepository,
    MeasurementRepository,
    SightingReportRepository,
    SightingRepository,
)

__all__ = [
    "AlertRepository",
    "DeliveryRepository",
    "DrillRepository",
    "FailureReportRepository",
    "FailureRepository",
    "FlagRepository",
    "FlightRecordRepository",
    "FlushRepository",
    "GuardRepository",
    "HealthSampleRepository",
    "JudgementRepository",
    "LookRepository",
    "MeasurementRepository",
    "OverrideRepository",
    "SightingReportRepository",
    "SightingRepository",
    "StageChangeRepository",
    "StepRepository",
    "UnknownAlert",
    "UnknownFeature",
    "WorkerRepository",
]
