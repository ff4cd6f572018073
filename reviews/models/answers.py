"""What others make of a review: flags against it, votes for it, and the owner's reply."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.utils import timezone

from reviews.models.history import Event
from reviews.models.reviews import Review
from reviews.repositories import FlagRepository, ReplyRepository, VoteRepository
from reviews.values import NOTE_LENGTH, REPLY_LENGTH, FlagReason


class FlagState(models.TextChoices):
    """Where a flag stands: open until a moderator decides about its review."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class Flag(models.Model):
    """One person's doubt about one review. The person may leave; the flag stays, and counts."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="flags")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=15, choices=FlagReason.choices)
    note = models.CharField(max_length=NOTE_LENGTH, blank=True)
    state = models.CharField(max_length=10, choices=FlagState.choices, default=FlagState.OPEN)
    created_at = models.DateTimeField(default=timezone.now)
    decision = models.ForeignKey(
        Event,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="flags",
        help_text="Who judged it, and when",
    )

    objects: ClassVar[FlagRepository] = FlagRepository()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "user"], name="reviews_flag_once"),
            models.CheckConstraint(condition=Q(reason__in=FlagReason.values), name="reviews_flag_known_reason"),
            models.CheckConstraint(
                condition=~Q(reason=FlagReason.OTHER) | ~Q(note=""), name="reviews_flag_other_says_what"
            ),
            models.CheckConstraint(
                condition=Q(state=FlagState.OPEN, decision__isnull=True)
                | Q(state__in=[FlagState.UPHELD, FlagState.DISMISSED], decision__isnull=False),
                name="reviews_flag_open_until_decided",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: review {self.review_id}"


class Vote(models.Model):
    """One person found one review helpful. The person may leave; the vote stays, and counts."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="votes")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[VoteRepository] = VoteRepository()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="reviews_vote_once")]

    def __str__(self) -> str:
        return f"helpful: review {self.review_id}"


class Reply(models.Model):
    """What an owner of the place answers; one a review."""

    review = models.OneToOneField(Review, primary_key=True, on_delete=models.CASCADE, related_name="reply")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    content = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[ReplyRepository] = ReplyRepository()

    class Meta:
        verbose_name_plural = "replies"
        constraints = [
            models.CheckConstraint(
                condition=Q(GreaterThanOrEqual(Length("content"), REPLY_LENGTH[0]))
                & Q(LessThanOrEqual(Length("content"), REPLY_LENGTH[1])),
                name="reviews_reply_content_length",
            ),
        ]

    def __str__(self) -> str:
        return f"reply to review {self.review_id}"
