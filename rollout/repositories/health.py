"""The doors to what the workers measured and the guard concluded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F

from jewgo.core.repository import Repository

if TYPE_CHECKING:
    from rollout.models import (
        Failure,
        FailureReport,
        Flag,
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

    def of(self, flag: "Flag") -> "models.QuerySet[Failure]":
        """Return the failures of the feature's present attempt, in the order in which they happened."""
        return self.filter(feature=flag.name, attempt=flag.attempt).order_by("epoch", "at", "id")


class SightingQuerySet(models.QuerySet["Sighting"]):
    """Query words for people who were served."""

    def outside_sample(self, bits: int) -> "SightingQuerySet":
        """People who do not belong to the fixed sample of one in 2 to the power of `bits`."""
        return self.filter(person__gte=2 ** (64 - bits) - 2**63)


class SightingRepository(Repository["Sighting"]):
    """Who was served first, by epoch."""

    def of(self, flag: "Flag") -> SightingQuerySet:
        """Return the people of the feature's present attempt, in the order in which they came."""
        rows = SightingQuerySet(self.model, using=self._db)
        return rows.filter(feature=flag.name, attempt=flag.attempt).order_by("at", "id")


class MeasurementRepository(Repository["Measurement"]):
    """What the workers measure, by feature."""


class JudgementRepository(Repository["Judgement"]):
    """What the guard thinks now, by feature."""

    FRESH = timedelta(seconds=30)
    """What is older is no opinion any more."""

    def fresh(self, features: Sequence[str], at: datetime) -> "dict[str, Judgement]":
        """Return what the guard thinks of the features' present attempts, by name, where it is fresher than 30 s."""
        rows = self.filter(flag__name__in=features, attempt=F("flag__attempt"), at__gte=at - self.FRESH)
        return {row.flag.name: row for row in rows.select_related("flag")}


class LookRepository(Repository["Look"]):
    """What the guard thought, over time."""


class GuardRepository(Repository["Guard"]):
    """The guard's one row."""
