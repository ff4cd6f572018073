"""What became of a place, and what its sources said of it."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now

from restaurants.models.places import Restaurant
from restaurants.repositories import ChangeRepository, OriginRepository


class Change(models.Model):
    """One change of one restaurant: who, when, and each field's old and new value. Append-only, by trigger."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField(default=now)
    actor = models.CharField(max_length=100, help_text="u:<pk>, k:<id> or the command that made it")
    action = models.CharField(max_length=30)
    fields = models.JSONField(default=dict, help_text="field: [old, new]")
    request_id = models.CharField(max_length=128, blank=True)

    objects: ClassVar[ChangeRepository] = ChangeRepository()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"


class Origin(models.Model):
    """What an import last said of a place, so that the next one applies only what its source changed since."""

    restaurant = models.OneToOneField(Restaurant, on_delete=models.CASCADE, primary_key=True, related_name="origin")
    record = models.JSONField()
    imported_at = models.DateTimeField(default=now)

    objects: ClassVar[OriginRepository] = OriginRepository()

    def __str__(self) -> str:
        return f"origin of {self.restaurant_id}"
