"""Who owns a place: set by staff, and by nobody else."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from restaurants.models.places import Restaurant
from restaurants.repositories import OwnershipRepository


class Ownership(models.Model):
    """One person owns one place, as staff have set it. A person may own many places, a place have several owners."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="ownerships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ownerships")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    set_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[OwnershipRepository] = OwnershipRepository()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["user", "restaurant"], name="restaurants_ownership_once")]

    def __str__(self) -> str:
        return f"{self.user} owns {self.restaurant}"
