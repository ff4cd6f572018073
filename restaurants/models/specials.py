"""What a place offers for a while: at most three at a time, which the database itself guarantees."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q

from restaurants.models.places import Restaurant
from restaurants.parts import SLOTS
from restaurants.repositories import SpecialRepository

ONE_SLOT_OR_NONE: Final = Q(is_active=True, slot__isnull=False, slot__in=SLOTS) | Q(is_active=False, slot__isnull=True)


class Special(models.Model):
    """An offer. An active one holds one of its place's three slots; no two hold the same."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="specials")
    title = models.CharField(max_length=120)
    description = models.TextField(max_length=2000, blank=True)
    price = models.CharField(max_length=60, blank=True, help_text="As the place writes it")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    slot = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)

    objects: ClassVar[SpecialRepository] = SpecialRepository()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="restaurants_special_titled"),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True) | Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="restaurants_special_ends_after_start",
            ),
            models.CheckConstraint(condition=ONE_SLOT_OR_NONE, name="restaurants_special_slot_when_active"),
            models.UniqueConstraint(fields=["restaurant", "slot"], name="restaurants_special_three_active"),
        ]

    def __str__(self) -> str:
        return self.title
