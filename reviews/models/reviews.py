"""A review: one person's word on one place."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual
from django.utils import timezone

from restaurants.models import Restaurant
from reviews.lifecycle import ReviewState
from reviews.repositories import ReviewRepository
from reviews.values import CONTENT_LENGTH, MOST_IMAGES, RATINGS, REASON_LENGTH, TITLE_LENGTH


class Review(models.Model):
    """One person's word on one place. A review that came with a service key has no person.

    PostgreSQL keeps the three counts (migration 0003) and what the approved reviews of a place add up to (0002).
    """

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="reviews")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="reviews"
    )
    rating = models.PositiveSmallIntegerField(choices=[(stars, "★" * stars) for stars in range(1, 6)])
    title = models.CharField(max_length=TITLE_LENGTH, blank=True)
    content = models.TextField()
    images = ArrayField(models.URLField(max_length=1000), default=list, blank=True)
    state = models.CharField(max_length=10, choices=ReviewState.choices, default=ReviewState.PENDING)
    state_reason = models.CharField(max_length=REASON_LENGTH, blank=True, help_text="Why; the author reads it")
    moderator_notes = models.TextField(blank=True, help_text="For moderators only")
    helpful_count = models.PositiveIntegerField(default=0, editable=False)
    report_count = models.PositiveIntegerField(default=0, editable=False, help_text="Flags that were not dismissed")
    open_flag_count = models.PositiveIntegerField(default=0, editable=False, help_text="Flags that nobody has judged")
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[ReviewRepository] = ReviewRepository()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rating__range=RATINGS), name="reviews_review_rating_1_to_5"),
            models.CheckConstraint(
                condition=Q(GreaterThanOrEqual(Length("content"), CONTENT_LENGTH[0]))
                & Q(LessThanOrEqual(Length("content"), CONTENT_LENGTH[1])),
                name="reviews_review_content_length",
            ),
            models.CheckConstraint(condition=Q(images__len__lte=MOST_IMAGES), name="reviews_review_few_images"),
            models.CheckConstraint(condition=Q(state__in=ReviewState.values), name="reviews_review_known_state"),
            models.UniqueConstraint(fields=["user", "restaurant"], name="reviews_review_one_per_user_and_place"),
        ]
        indexes = [
            models.Index(fields=["restaurant", "state", "-id"], name="reviews_of_a_place"),
            models.Index(fields=["state", "-id"], name="reviews_in_a_state"),
            models.Index(fields=["state", "updated_at", "id"], name="reviews_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.rating} of 5 for place {self.restaurant_id}"
