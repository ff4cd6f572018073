"""What reviews add up to, by place; PostgreSQL keeps it with every review that is written, changed or removed."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from restaurants.models.places import Restaurant
from restaurants.repositories import RatingRepository


def no_stars() -> list[int]:
    """Return what no review adds up to."""
    return [0] * 5


class Rating(models.Model):
    """How many published reviews a place has, the sum of their stars, and how many have one to five. No row: none yet.

    A trigger on the reviews' table writes it (reviews, migrations 0002 and 0003): reviews stand above restaurants, and
    reading the guide must not know them. That the three agree is a constraint of the same migration.
    """

    restaurant = models.OneToOneField(Restaurant, primary_key=True, on_delete=models.CASCADE, related_name="+")
    count = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    stars = ArrayField(models.PositiveIntegerField(), size=5, default=no_stars)

    objects: ClassVar[RatingRepository] = RatingRepository()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total__gte=F("count")) & Q(total__lte=F("count") * 5), name="restaurants_rating_1_to_5"
            )
        ]

    def __str__(self) -> str:
        return f"{self.total} stars in {self.count} reviews"
