"""What the workers measured: counters over time, who failed, who was seen, and what the guard asks them to measure."""

from typing import TYPE_CHECKING, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from rollout.models.control import Flag
from rollout.repositories import (
    FailureReportRepository,
    FailureRepository,
    FlushRepository,
    HealthSampleRepository,
    JudgementRepository,
    LookRepository,
    MeasurementRepository,
    SightingReportRepository,
    SightingRepository,
)

if TYPE_CHECKING:
    from uuid import UUID


class Flush(models.Model):
    """One delivery of a worker's counters; that a repeated one adds nothing is its unique constraint."""

    worker: "models.UUIDField[UUID, UUID]" = models.UUIDField()
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField(db_index=True)

    objects: ClassVar[FlushRepository] = FlushRepository()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["worker", "sequence"], name="rollout_flush_once")]

    def __str__(self) -> str:
        return f"{self.worker} #{self.sequence}"


class HealthSample(models.Model):
    """Calls of one operation on one arm in one span of time, by what became of them.

    `at` is the span's start: a second of the database's clock at which the counters arrived, a minute, or an hour.
    """

    class Arm(models.TextChoices):
        """Whose calls: an arm of a switch, or the v4 contract, which has no arms and is never evidence."""

        CONTROL = "control"
        CANDIDATE = "candidate"
        CONTRACT = "contract"

    class Resolution(models.IntegerChoices):
        """How long a span is, in seconds."""

        SECOND = 1
        MINUTE = 60
        HOUR = 3600

    resolution_s = models.PositiveSmallIntegerField("length of the span in seconds", choices=Resolution)
    at = models.DateTimeField()
    feature = models.CharField(max_length=100)
    operation = models.CharField(max_length=200, help_text="Of a switch, or method and route template.")
    arm = models.CharField(max_length=10, choices=Arm)
    calls = models.PositiveBigIntegerField()
    eligible = models.PositiveBigIntegerField("calls that may be evidence")
    client_errors = models.PositiveBigIntegerField("answered 4xx")
    failures = models.PositiveBigIntegerField("the engine that the arm calls first failed")
    recovered = models.PositiveBigIntegerField("of these, answered by v3 in the same request")
    breaker = models.PositiveBigIntegerField("answered by v3 because the breaker was open")
    bulkhead = models.PositiveBigIntegerField("answered by v3 because v4 held its share of threads")
    lost = models.PositiveBigIntegerField("failing people whom the worker had no room to note")
    total_ms = models.FloatField("sum of the durations in milliseconds")
    buckets: "models.Field[list[int], list[int]]" = ArrayField(models.PositiveSmallIntegerField())
    """Which of the logarithmic buckets of `rollout.histogram` have calls, and in `counts` how many each."""
    counts: "models.Field[list[int], list[int]]" = ArrayField(models.PositiveBigIntegerField())

    objects: ClassVar[HealthSampleRepository] = HealthSampleRepository()

    class Meta:
        indexes = [
            models.Index(fields=["resolution_s", "at"], name="rollout_sample_at"),
            models.Index(fields=["feature", "resolution_s", "at"], name="rollout_sample_feature"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} ({self.arm}), {self.resolution_s} s from {self.at:%Y-%m-%d %H:%M:%S}"


class ReportOfPerson(models.Model):
    """What a worker tells of one person and one feature; the guard takes it in and deletes it."""

    at = models.DateTimeField()
    feature = models.CharField(max_length=100)
    attempt = models.PositiveIntegerField()
    identity = models.CharField(max_length=100)
    arm = models.CharField(max_length=10)
    share = models.FloatField("share of people on v4 by the decision that served the call, 0 to 1")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.feature}: {self.identity} ({self.arm})"


class FailureReport(ReportOfPerson):
    """Somebody met a failure, or waited too long."""

    operation = models.CharField(max_length=100)
    metric = models.CharField(max_length=10)
    fingerprint = models.CharField(max_length=12, blank=True)
    place = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=128, blank=True)

    objects: ClassVar[FailureReportRepository] = FailureReportRepository()


class SightingReport(ReportOfPerson):
    """Somebody was served."""

    objects: ClassVar[SightingReportRepository] = SightingReportRepository()


class Failure(models.Model):
    """The first time in an epoch that somebody met a metric in an operation: what the evidence is rebuilt from."""

    feature = models.CharField(max_length=100)
    attempt = models.PositiveIntegerField()
    metric = models.CharField(max_length=10)
    operation = models.CharField(max_length=100)
    epoch = models.IntegerField("minutes from the attempt's start to the epoch's")
    identity = models.CharField(max_length=100)
    arm = models.CharField(max_length=10)
    share = models.FloatField()
    at = models.DateTimeField()
    fingerprint = models.CharField(max_length=12, blank=True)
    place = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=128, blank=True)

    objects: ClassVar[FailureRepository] = FailureRepository()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feature", "attempt", "metric", "operation", "epoch", "identity"],
                name="rollout_failure_first_of_epoch",
            )
        ]
        indexes = [models.Index(fields=["feature", "at"], name="rollout_failure_at")]

    def __str__(self) -> str:
        return f"{self.metric} of {self.operation}: {self.identity} ({self.arm})"


class Sighting(models.Model):
    """The first time in an epoch that somebody was served; a hash stands for the person."""

    feature = models.CharField(max_length=100)
    attempt = models.PositiveIntegerField()
    epoch = models.IntegerField("minutes from the attempt's start to the epoch's")
    person = models.BigIntegerField("keyed hash of the identity")
    arm = models.CharField(max_length=10)
    share = models.FloatField()
    at = models.DateTimeField()
    misplaced = models.CharField("identity, where the arm is not that of its slot", max_length=100, blank=True)

    objects: ClassVar[SightingRepository] = SightingRepository()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feature", "attempt", "epoch", "person"], name="rollout_sighting_first_of_epoch"
            )
        ]

    def __str__(self) -> str:
        return f"{self.feature}: {self.person} ({self.arm})"


class Measurement(models.Model):
    """What the workers measure of a feature's present attempt, and when its processes began: written by the guard."""

    flag = models.OneToOneField(Flag, on_delete=models.CASCADE, related_name="measurement")
    attempt = models.PositiveIntegerField()
    operations: "models.Field[list[str], list[str]]" = ArrayField(models.CharField(max_length=100))
    """Those registered when the attempt began; each has its share of the weight."""
    changes = models.JSONField("when share, release or a limit of slowness changed", default=list)
    """[{"at": RFC 3339, "kind": "share" | "release" | "limit", "value": …}], oldest first."""
    share = models.FloatField("effective share at the last look")
    release = models.CharField(max_length=100, blank=True)
    slow_ms = models.JSONField("from how many milliseconds a call is slow, by operation", default=dict)
    slow_since = models.DateTimeField("these limits were frozen at", null=True)
    p95_ms = models.PositiveIntegerField("the step's p95 in milliseconds", default=0)
    sample_bits = models.PositiveSmallIntegerField("people are seen one in 2 to this power", default=0)

    objects: ClassVar[MeasurementRepository] = MeasurementRepository()

    def __str__(self) -> str:
        return f"{self.flag_id}, attempt {self.attempt}"


class Judgement(models.Model):
    """What the guard thinks of a feature now; overwritten by every tick."""

    flag = models.OneToOneField(Flag, on_delete=models.CASCADE, related_name="judgement")
    at = models.DateTimeField()
    attempt = models.PositiveIntegerField()
    flag_version = models.PositiveBigIntegerField()
    verdict = models.CharField(max_length=10, help_text="hold, ready, advance or rollback")
    reason = models.CharField(max_length=30)
    sentence = models.TextField()
    evidence = models.FloatField("E against v4; 100 decides", default=0)
    document = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    """Window, findings, proofs, step limits and sample ratio, as `rollout.opinions` writes them."""

    objects: ClassVar[JudgementRepository] = JudgementRepository()

    def __str__(self) -> str:
        return f"{self.verdict}: {self.sentence}"


class Look(models.Model):
    """The guard's judgement of a feature over time: the first of every minute, and each that differs from the last."""

    feature = models.CharField(max_length=100)
    attempt = models.PositiveIntegerField()
    at = models.DateTimeField()
    verdict = models.CharField(max_length=10)
    reason = models.CharField(max_length=30)
    evidence = models.FloatField("E against v4; 100 decides")
    excess = models.FloatField("E of the step's limits; 200 decides")
    proof = models.FloatField("least M of the proofs asked for; 20 is enough", null=True)
    share = models.FloatField()

    objects: ClassVar[LookRepository] = LookRepository()

    class Meta:
        indexes = [models.Index(fields=["feature", "-at"], name="rollout_look_feature")]

    def __str__(self) -> str:
        return f"{self.feature}, {self.at:%Y-%m-%d %H:%M:%S}: {self.verdict}"
