"""What somebody should know, and the outbox from which they are told."""

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from rollout.repositories import AlertRepository, DeliveryRepository


class Alert(models.Model):
    """Something is wrong, from when it was first seen until it is over; at most one of a kind is open at a time."""

    class Severity(models.TextChoices):
        """Whether somebody should be woken for it."""

        WARNING = "warning"
        CRITICAL = "critical"

    name = models.CharField(max_length=30)
    feature = models.CharField(max_length=100, blank=True, help_text="Empty for what is about the whole service.")
    severity = models.CharField(max_length=10, choices=Severity)
    message = models.TextField()
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField("last seen at")
    times = models.PositiveIntegerField("how often it was seen", default=1)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=100, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AlertRepository] = AlertRepository()

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "feature"], condition=Q(resolved_at=None), name="rollout_alert_open_once"
            )
        ]
        indexes = [models.Index(fields=["name", "feature", "-opened_at"], name="rollout_alert_kind")]

    def __str__(self) -> str:
        return f"{self.name} ({self.feature})" if self.feature else self.name


class Delivery(models.Model):
    """One message about an alert to one address: the outbox. Sent at least once, after what it tells is committed."""

    class Event(models.TextChoices):
        """What happened to the alert."""

        OPENED = "opened"
        RESOLVED = "resolved"

    class Channel(models.TextChoices):
        """How it is sent."""

        EMAIL = "email"
        WEBHOOK = "webhook"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=10, choices=Event)
    channel = models.CharField(max_length=10, choices=Channel)
    target = models.CharField(max_length=500)
    created_at = models.DateTimeField()
    next_at = models.DateTimeField("not before", db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    objects: ClassVar[DeliveryRepository] = DeliveryRepository()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["alert", "event", "channel", "target"], name="rollout_delivery_once")
        ]

    def __str__(self) -> str:
        return f"{self.alert}: {self.event} to {self.channel}"
