"""What people keep and look at."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from restaurants.models.places import Restaurant
from restaurants.repositories import AttentionRepository, FavouriteRepository


class Favourite(models.Model):
    """A place that a person keeps for later."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites")
    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="favourites")
    kept_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[FavouriteRepository] = FavouriteRepository()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "restaurant"], name="restaurants_favourite_once")]
        indexes = [models.Index(fields=["user", "-id"], name="restaurants_favourites_of_one")]

    def __str__(self) -> str:
        return f"place {self.restaurant_id} of person {self.user_id}"


class Attention(models.Model):
    """How often a place's page was asked for, and shared, on one day (UTC); of nobody in particular."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="attention")
    day = models.DateField()
    views = models.PositiveIntegerField(default=0)
    shares = models.PositiveIntegerField(default=0)

    objects: ClassVar[AttentionRepository] = AttentionRepository()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["restaurant", "day"], name="restaurants_attention_once_a_day")]

    def __str__(self) -> str:
        return f"place {self.restaurant_id} on {self.day}"
