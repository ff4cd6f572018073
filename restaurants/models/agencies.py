"""Agencies, and the certificates in which they stand for a place."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models, transaction
from django.db.models import F, Q

from restaurants.models.places import Restaurant
from restaurants.repositories import AgencyRepository, CertificateRepository
from restaurants.sourcing import SOURCED_ON
from restaurants.spelling import normalise


class Agency(models.Model):
    """Who gives the hechsher."""

    name = models.CharField(max_length=200, unique=True)
    short_name = models.CharField(max_length=50, blank=True)
    aliases = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    website = models.URLField(max_length=500, null=True, blank=True)  # noqa: DJ001
    region = models.CharField(max_length=100, blank=True)
    candle_lighting_min = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Minutes before sunset; empty: 18, in Jerusalem 40"
    )
    keys = ArrayField(models.CharField(max_length=200), default=list, editable=False)

    objects: ClassVar[AgencyRepository] = AgencyRepository()

    class Meta:
        verbose_name_plural = "agencies"
        ordering = ["name", "pk"]
        indexes = [GinIndex(fields=["keys"], name="restaurants_agency_keys")]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="restaurants_agency_named"),
            models.CheckConstraint(condition=Q(candle_lighting_min__lte=120), name="restaurants_agency_lights_in_time"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the agency; bring its places' search text and opening spans up to its names and its candle lighting."""
        self.refresh_keys()
        with transaction.atomic():
            super().save(*args, **kwargs)
            Restaurant.objects.reindex(certificates__agency=self)

    def refresh_keys(self) -> None:
        """Set `keys`: every name of the agency as search compares it."""
        self.keys = sorted({key for name in self.names if (key := normalise(name))})

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that this agency is called."""
        return (self.name, self.short_name, *self.aliases)

    @property
    def search_terms(self) -> tuple[str, str]:
        """The names under which its places are found."""
        return (self.name, self.short_name)


class Certificate(models.Model):
    """One agency's word for one place. Expired is shown, never hidden."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="certificates")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="certificates")
    number = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    scope = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=200, blank=True)
    sourced_on = models.CharField(max_length=10, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    verifier = models.CharField(
        max_length=100, blank=True, editable=False, help_text="Who verified it, as in the history: u:<pk>, k:<id>"
    )

    objects: ClassVar[CertificateRepository] = CertificateRepository()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="restaurants_certificate_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(sourced_on__regex=SOURCED_ON), name="restaurants_certificate_sourced_on"
            ),
            models.UniqueConstraint(
                fields=["restaurant", "agency", "number", "valid_to"],
                nulls_distinct=False,
                name="restaurants_certificate_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency} for {self.restaurant}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the certificate and bring the place's search text and opening spans up to its agency."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            Restaurant.objects.reindex(pk=self.restaurant_id)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Remove the certificate and its agency from the place's search text and opening spans."""
        with transaction.atomic():
            outcome = super().delete(*args, **kwargs)
            Restaurant.objects.reindex(pk=self.restaurant_id)
        return outcome
