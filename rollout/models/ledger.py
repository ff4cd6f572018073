"""What is kept for good: the ledger of every move, and the flight record of every rollback."""

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from rollout.models.control import STAGES, percentage_field
from rollout.repositories import FlightRecordRepository, StageChangeRepository
from rollout.stages import Position, Stage


class StageChange(models.Model):
    """One line of the ledger: who moved what, from where to where, why and when. Append-only, by trigger.

    `hash` covers the line and the hash of the line before it: one chain over all features.
    """

    at = models.DateTimeField()
    feature = models.CharField(max_length=100)
    move = models.CharField(max_length=20)
    actor = models.CharField(max_length=100)
    reason = models.TextField()
    from_stage = models.CharField(max_length=10, choices=STAGES)
    from_percentage = percentage_field()
    from_holdout = percentage_field()
    to_stage = models.CharField(max_length=10, choices=STAGES)
    to_percentage = percentage_field()
    to_holdout = percentage_field()
    attempt = models.PositiveIntegerField()
    flag_version = models.PositiveBigIntegerField()
    request_id = models.CharField(max_length=128, blank=True)
    evidence = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64, unique=True)

    objects: ClassVar[StageChangeRepository] = StageChangeRepository()

    class Meta:
        ordering = ["id"]
        verbose_name = "line of the ledger"
        verbose_name_plural = "ledger"
        indexes = [models.Index(fields=["feature", "-id"], name="rollout_change_feature")]

    def __str__(self) -> str:
        return f"{self.feature}: {self.move}, {self.before} → {self.after}"

    @property
    def before(self) -> Position:
        """Where the feature stood."""
        return Position(Stage(self.from_stage), self.from_percentage, self.from_holdout)

    @property
    def after(self) -> Position:
        """Where it stands after the move."""
        return Position(Stage(self.to_stage), self.to_percentage, self.to_holdout)


class FlightRecord(models.Model):
    """What was known when a feature was rolled back, in one document that can be read as a page."""

    change = models.OneToOneField(StageChange, on_delete=models.PROTECT, related_name="flight_record")
    feature = models.CharField(max_length=100)
    at = models.DateTimeField()
    document = models.JSONField(encoder=DjangoJSONEncoder)

    objects: ClassVar[FlightRecordRepository] = FlightRecordRepository()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["feature", "-at"], name="rollout_flight_feature")]

    def __str__(self) -> str:
        return f"{self.feature}, {self.at:%Y-%m-%d %H:%M:%S}"
