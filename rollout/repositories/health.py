"""The doors to what the workers measured and the guard concluded."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, models
from django.db.models import F, Q, Sum

from jewgo.core.repository import Repository
from rollout.spans import NEVER, Marks, spans

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


MINUTES_KEPT = timedelta(days=29)
"""For how long rows by the minute are there for certain; the guard keeps them for a day more."""

_MARKS = """
SELECT (SELECT max(at) + interval '1 min' FROM rollout_healthsample WHERE resolution_s = 60),
    (SELECT max(at) + interval '1 h' FROM rollout_healthsample WHERE resolution_s = 3600)
"""


class FlushRepository(Repository["Flush"]):
    """Deliveries of counters; the pulse writes them."""


class HealthSampleQuerySet(models.QuerySet["HealthSample"]):
    """Query words for counters."""

    def on_candidate(self) -> "HealthSampleQuerySet":
        """Keep the calls that were assigned to v4, whichever engine answered."""
        return self.filter(arm=self.model.Arm.CANDIDATE)

    def outside(self, spans: Iterable[tuple[datetime, datetime]]) -> "HealthSampleQuerySet":
        """Leave out every sample whose own span touches one of these, [begin, end)."""
        touching = Q(pk__in=())
        for begins, ends in spans:
            for length_s in self.model.Resolution.values:
                after = begins - timedelta(seconds=length_s)
                touching |= Q(resolution_s=length_s, at__gt=after, at__lt=ends)
        return self.exclude(touching)

    def calls(self) -> int:
        """Return how many calls there were."""
        return int(self.aggregate(total=Sum("calls", default=0))["total"])

    def answered_by_v3(self) -> int:
        """Return how many calls v3 answered because v4 failed, or because a breaker was open."""
        return int(self.aggregate(total=Sum(F("recovered") + F("breaker"), default=0))["total"])

    def sums_by_feature(self) -> list[tuple[str, int, int]]:
        """Return (feature, calls, calls that may be evidence) in the order of the names."""
        sums = self.order_by().values("feature").annotate(all=Sum("calls"), evidence=Sum("eligible"))
        return list(sums.order_by("feature").values_list("feature", "all", "evidence"))


class HealthSampleRepository(Repository["HealthSample"]):
    """Counters over time, by second, minute and hour: a call stands in a row of each that covers it."""

    def get_queryset(self) -> HealthSampleQuerySet:
        return HealthSampleQuerySet(self.model, using=self._db)

    def of_switches(self, features: Iterable[str], since: datetime, until: datetime) -> HealthSampleQuerySet:
        """Return the samples of these features' switches from `since` to `until`, each call once, as fine as they are.

        The v4 contract's requests are others. Hours stand in only for what is too old to be kept by the minute.
        """
        arms = (self.model.Arm.CONTROL, self.model.Arm.CANDIDATE)
        known = self.marks()
        oldest = (until - MINUTES_KEPT).replace(minute=0, second=0, microsecond=0)
        within = Q(pk__in=())
        for span in spans(since, until, Marks(known.minutes, min(known.hours, oldest))):
            within |= Q(resolution_s=span.resolution_s, at__gte=span.since, at__lt=span.until)
        return self.get_queryset().filter(within, feature__in=list(features), arm__in=arms)

    def marks(self) -> Marks:
        """Return up to when there are rows by the minute, and by the hour; `NEVER` where there are none. One query."""
        with connection.cursor() as cursor:
            cursor.execute(_MARKS)
            minutes, hours = cursor.fetchone() or (None, None)
        return Marks(minutes or NEVER, hours or NEVER)


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
