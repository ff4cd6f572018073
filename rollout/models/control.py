"""Control state of the rollout: features and their plans, exceptions and drills."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from rollout.repositories import (
    DrillRepository,
    FlagRepository,
    OverrideRepository,
    StepRepository,
)
from rollout.stages import FIRST_HOLDOUT, HUNDRED, LARGEST_HOLDOUT, ZERO, PlanStep, Position, Stage
from rollout.waffle_flag import SnapshotFlag

STAGES = [(stage.value, stage.name) for stage in Stage]


def percentage_field(default: Decimal | None = None) -> "models.DecimalField[Decimal, Decimal]":
    """Return a column for 0 to 100 in steps of 0.01."""
    if default is None:
        return models.DecimalField(max_digits=5, decimal_places=2)
    return models.DecimalField(max_digits=5, decimal_places=2, default=default)


class Flag(SnapshotFlag):
    """A feature being migrated: the waffle flag, with our stage, percentage and holdout.

    Waffle's own targeting columns are pinned, except users, groups, staff and superusers: those are the testers.
    Everything here changes through `rollout.services` only, which writes the ledger.
    """

    superusers = models.BooleanField("superusers are testers", default=False)
    staff = models.BooleanField("staff are testers", default=False)
    cohort = models.CharField(max_length=100, help_text="Features of one cohort move the same people first.")
    stage = models.CharField(max_length=10, choices=STAGES, default=Stage.DISABLED.value)
    percentage = percentage_field(ZERO)
    holdout = percentage_field(FIRST_HOLDOUT)
    paused = models.BooleanField("automatic widening is held", default=False)
    prerequisite = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="dependants")
    attempt = models.PositiveIntegerField(default=0)
    version = models.PositiveBigIntegerField(default=0)
    entered_at = models.DateTimeField("in this place since", default=timezone.now)
    started_at = models.DateTimeField("attempt began at", null=True, blank=True)

    objects: ClassVar[FlagRepository] = FlagRepository()  # type: ignore[assignment]  # a repository, not waffle's manager

    class Meta(SnapshotFlag.Meta):
        abstract = False
        verbose_name = gettext_lazy("feature")
        verbose_name_plural = gettext_lazy("features")
        permissions = [
            ("advance_flag", "Can move features forward"),
            ("rollback_flag", "Can roll features back, and hold them where they are"),
            ("override_flag", "Can put an identity in or out, and choose testers"),
            ("drill_flag", "Can inject faults on purpose"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    everyone=None, percent=None, testing=False, rollout=False, authenticated=False, languages=""
                ),
                name="rollout_flag_waffle_columns_pinned",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=[Stage.DISABLED.value, Stage.TESTING.value], percentage=ZERO)
                | Q(stage=Stage.PARTIAL.value, percentage__gt=ZERO, percentage__lte=HUNDRED)
                | Q(stage__in=[Stage.FULL.value, Stage.COMPLETE.value], percentage=HUNDRED),
                name="rollout_flag_percentage_fits_stage",
            ),
            models.CheckConstraint(
                condition=Q(holdout__gte=ZERO, holdout__lte=LARGEST_HOLDOUT), name="rollout_flag_holdout_in_range"
            ),
            models.CheckConstraint(
                condition=~Q(prerequisite=models.F("id")), name="rollout_flag_not_its_own_prerequisite"
            ),
        ]

    @property
    def position(self) -> Position:
        """Where it stands."""
        return Position(Stage(self.stage), self.percentage, self.holdout)

    @property
    def plan(self) -> tuple[PlanStep, ...]:
        """Its plan, in order."""
        return tuple(step.value for step in self.steps.all())


class Step(models.Model):
    """One step of a feature's plan; the limits are what has to hold *in* the step before the next one."""

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    stage = models.CharField(max_length=10, choices=STAGES)
    percentage = percentage_field()
    dwell = models.DurationField()
    min_requests = models.PositiveIntegerField(help_text="Per arm.")
    max_error_percent = percentage_field()
    p95_ms = models.PositiveIntegerField("p95 in milliseconds")
    automatic = models.BooleanField("the guard may go on from here")

    objects: ClassVar[StepRepository] = StepRepository()

    class Meta:
        ordering = ["flag", "position"]
        constraints = [
            models.UniqueConstraint(fields=["flag", "position"], name="rollout_step_position"),
            models.UniqueConstraint(fields=["flag", "stage", "percentage"], name="rollout_step_place"),
            models.CheckConstraint(
                condition=Q(stage=Stage.PARTIAL.value, percentage__gt=ZERO, percentage__lte=HUNDRED)
                | Q(stage=Stage.FULL.value, percentage=HUNDRED),
                name="rollout_step_percentage_fits_stage",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.flag_id}: {Position(Stage(self.stage), self.percentage, ZERO)}"

    @property
    def value(self) -> PlanStep:
        """The step as the pure modules know it."""
        return PlanStep(
            stage=Stage(self.stage),
            percentage=self.percentage,
            dwell=self.dwell,
            min_requests=self.min_requests,
            max_error_percent=self.max_error_percent,
            p95_ms=self.p95_ms,
            automatic=self.automatic,
        )


class Override(models.Model):
    """One identity that is in or out of one feature, whatever its slot says."""

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="overrides")
    identity = models.CharField(max_length=100)
    is_in = models.BooleanField()

    objects: ClassVar[OverrideRepository] = OverrideRepository()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flag", "identity"], name="rollout_override_identity")]

    def __str__(self) -> str:
        return f"{self.identity} {'in' if self.is_in else 'out'}"


class Drill(models.Model):
    """A fault injected into the candidate engine on purpose, until it expires or is ended."""

    class Fault(models.TextChoices):
        """What goes wrong: the candidate raises, answers late, or answers 404 in place of a result."""

        ERROR = "error"
        SLOW = "slow"
        WRONG = "wrong"

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="drills")
    fault = models.CharField(max_length=5, choices=Fault.choices)
    rate = models.FloatField(help_text="Share of calls that meet the fault, 0 to 1.")
    delay_ms = models.PositiveIntegerField("delay in milliseconds", default=0)
    operation = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001 NULL means any operation
    identities: "models.Field[list[str], list[str]]" = ArrayField(models.CharField(max_length=100), default=list)
    match = models.TextField(null=True, blank=True)  # noqa: DJ001 NULL means any query or answer
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    actor = models.CharField(max_length=100)
    reason = models.TextField()

    objects: ClassVar[DrillRepository] = DrillRepository()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(rate__gt=0, rate__lte=1), name="rollout_drill_rate_in_range"),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("started_at")), name="rollout_drill_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.fault} in {self.operation or 'every operation'}"

    def is_live(self, at: datetime) -> bool:
        """Say whether it injects its fault at this time."""
        return self.ended_at is None and self.started_at <= at < self.expires_at
