"""The filters of the list of places."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from restaurants.duplicates import probable_duplicates
from restaurants.freshness import CATALOGUE
from restaurants.kosher import Category
from restaurants.models import Agency, Certificate


class ArrayFilter(admin.SimpleListFilter):
    """Places whose array column holds a value, or whose array is empty."""

    column: str
    empty = "none"

    def values(self) -> Iterable[tuple[str, str]]:
        """Return the values to choose from, with their labels."""
        raise TypeError(f"{type(self).__name__} does not say its values")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*self.values(), (self.empty, self.empty)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        if self.value() == self.empty:
            return queryset.filter(**{f"{self.column}__len": 0})
        return queryset.filter(**{f"{self.column}__contains": [self.value()]})


class CategoryFilter(ArrayFilter):
    title, parameter_name, column, empty = "category", "category", "kosher_categories", "unknown"

    def values(self) -> Iterable[tuple[str, str]]:
        return [(category.value, str(category.label)) for category in Category]


class QualityFilter(ArrayFilter):
    title = parameter_name = "doubt"
    column = "quality_flags"

    def values(self) -> Iterable[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT unnest(quality_flags) FROM restaurants_restaurant ORDER BY 1")
            return [(flag, flag.replace("_", " ")) for (flag,) in cursor.fetchall()]


class AgencyFilter(admin.SimpleListFilter):
    title = parameter_name = "agency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Agency.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if not chosen or not chosen.isdigit():
            return queryset
        return queryset.filter(pk__in=Certificate.objects.filter(agency=int(chosen)).values("restaurant"))


class ExpiryFilter(admin.SimpleListFilter):
    """Places by the end of a certificate: past, or near."""

    title, parameter_name = "certificate", "expires"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("expired", "expired"), ("30", "ends within 30 days"), ("90", "ends within 90 days"), ("none", "none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        today, chosen = timezone.now().date(), self.value()
        if chosen == "none":
            return queryset.filter(certificates=None)
        if chosen == "expired":
            ends = Certificate.objects.filter(valid_to__lt=today)
        elif chosen in {"30", "90"}:
            ends = Certificate.objects.filter(valid_to__range=(today, today + timedelta(days=int(chosen))))
        else:
            return queryset
        return queryset.filter(pk__in=ends.values("restaurant"))


class DuplicateFilter(admin.SimpleListFilter):
    """Places that are probably another one, too."""

    title, parameter_name = "probable duplicates", "duplicate"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(pk__in=CATALOGUE.get_or_compute("duplicates", _duplicated))


def _duplicated() -> list[int]:
    return sorted({pk for pair in probable_duplicates() for pk in (pair.id, pair.other_id)})
