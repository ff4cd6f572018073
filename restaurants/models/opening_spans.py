"""When a place will be open in the coming weeks, stored so that a list can ask it of all places at once."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q

from restaurants.foresight import Kind, OpeningSpanRepository
from restaurants.models.places import Restaurant


class OpeningSpan(models.Model):
    """A time in which something holds of a place; see `Kind`. Whoever stores a place computes them anew."""

    restaurant = models.ForeignKey(
        Restaurant,
        on_delete=models.CASCADE,
        related_name="opening_spans",
        db_index=False,  # the exclusion constraint's index begins with it
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    during = DateTimeRangeField()

    objects: ClassVar[OpeningSpanRepository] = OpeningSpanRepository()

    class Meta:
        ordering = ["pk"]
        indexes = [
            GistIndex(fields=["during"], condition=Q(kind=Kind.OPEN), name="restaurants_open_during"),
            GistIndex(fields=["during"], condition=Q(kind=Kind.EVE_OPEN), name="restaurants_eve_open_during"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="restaurants_span_kind_known"),
            models.CheckConstraint(condition=Q(during__isempty=False), name="restaurants_span_not_empty"),
            ExclusionConstraint(
                name="restaurants_spans_disjoint",
                expressions=[
                    ("restaurant", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.restaurant_id} {self.kind} {self.during}"
