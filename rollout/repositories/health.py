"""The doors to what the workers measured and the guard concluded."""

from typing import TYPE_CHECKING

from jewgo.core.repository import Repository

if TYPE_CHECKING:
    from rollout.models import (
        Failure,
        FailureReport,
        Flush,
        Guard,
        HealthSample,
        Judgement,
        Look,
        Measurement,
        Sighting,
        SightingReport,
    )


class FlushRepository(Repository["Flush"]):
    """Deliveries of counters; the pulse writes them."""


class HealthSampleRepository(Repository["HealthSample"]):
    """Counters over time, by second, minute and hour."""


class FailureReportRepository(Repository["FailureReport"]):
    """Failures that the guard has not taken in yet."""


class SightingReportRepository(Repository["SightingReport"]):
    """People served whom the guard has not taken in yet."""


class FailureRepository(Repository["Failure"]):
    """Who failed first, by epoch."""


class SightingRepository(Repository["Sighting"]):
    """Who was served first, by epoch."""


class MeasurementRepository(Repository["Measurement"]):
    """What the workers measure, by feature."""


class JudgementRepository(Repository["Judgement"]):
    """What the guard thinks now, by feature."""


class LookRepository(Repository["Look"]):
    """What the guard thought, over time."""


class GuardRepository(Repository["Guard"]):
    """The guard's one row."""
