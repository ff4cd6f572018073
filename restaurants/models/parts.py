"""What hangs on a place: supervision levels and pictures."""

from functools import partial
from typing import Any, ClassVar

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Q

from restaurants.kosher import Attribute, Level
from restaurants.models.places import Restaurant
from restaurants.repositories import ImageRepository, LevelRepository
from restaurants.sourcing import SOURCED_ON


class SupervisionLevel(models.Model):
    """How far one attribute holds at one place, in a source's words. No row: unknown."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="levels")
    attribute = models.CharField(max_length=20, choices=Attribute.choices)
    level = models.CharField(max_length=20, choices=Level.choices)
    scope = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200, blank=True)
    sourced_on = models.CharField(max_length=10, blank=True)

    objects: ClassVar[LevelRepository] = LevelRepository()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["attribute", "level"], name="restaurants_level_filter")]
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "attribute"], name="restaurants_level_once"),
            models.CheckConstraint(condition=Q(attribute__in=Attribute.values), name="restaurants_attribute_known"),
            models.CheckConstraint(condition=Q(level__in=Level.values), name="restaurants_level_known"),
            models.CheckConstraint(condition=Q(sourced_on__regex=SOURCED_ON), name="restaurants_level_sourced_on"),
        ]

    def __str__(self) -> str:
        return f"{self.attribute}: {self.level}"


class Image(models.Model):
    """A picture by its address, in order; one is primary."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="images")
    url = models.URLField(max_length=1000)  # of an upload: where it is served
    position = models.PositiveSmallIntegerField(default=0)
    is_primary = models.BooleanField(default=False)
    file = models.CharField(max_length=200, blank=True, editable=False, help_text="Where an upload is stored")

    objects: ClassVar[ImageRepository] = ImageRepository()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant"], condition=Q(is_primary=True), name="restaurants_image_one_primary"
            ),
            models.UniqueConstraint(fields=["restaurant", "url"], name="restaurants_image_once"),
        ]

    def __str__(self) -> str:
        return self.url

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Remove the picture, and on commit the file that was uploaded for it."""
        if self.file:
            transaction.on_commit(partial(default_storage.delete, self.file))
        return super().delete(*args, **kwargs)
