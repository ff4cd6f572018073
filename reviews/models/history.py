"""What became of a review: who did what to it, and when."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from reviews.repositories import EventRepository
from reviews.values import REASON_LENGTH


class Event(models.Model):
    """One thing that was done with one review. Append-only, by trigger; outlives its review, holds no word of it."""

    review_id = models.BigIntegerField(db_index=True)  # no foreign key: a deleted review's history stays
    restaurant_id = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=100, help_text="u:<pk>, k:<id>, or `flags` where their number did it")
    action = models.CharField(max_length=15)
    before = models.CharField(max_length=10, help_text="The state before")
    after = models.CharField(max_length=10, blank=True, help_text="The state then; empty: deleted")
    reason = models.CharField(max_length=REASON_LENGTH, blank=True)
    notes = models.TextField(blank=True)
    version = models.PositiveIntegerField(help_text="The review's version then")
    request_id = models.CharField(max_length=128, blank=True)

    objects: ClassVar[EventRepository] = EventRepository()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["actor", "-id"], name="reviews_event_by_actor")]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"
