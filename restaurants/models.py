"""The catalogue: a religious attribute is unknown until a source says otherwise; absence is null, not a default."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.timezone import now

from restaurants.hours.validation import validate_opening_hours, validate_timezone
from restaurants.kosher import Attribute as Attribute
from restaurants.kosher import Category as Category
from restaurants.kosher import Level as Level
from restaurants.lifecycle import RecordState as RecordState
from restaurants.repositories import (
    AgencyRepository,
    CertificateRepository,
    ChangeRepository,
    ImageRepository,
    LevelRepository,
    OriginRepository,
    RestaurantRepository,
)
from restaurants.spelling import normalise, search_text

SOURCED_ON = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"
"""A source's date as precise as the source gives it: 2019, 2025-08 or 2025-08-12; empty when it gives none."""


class Agency(models.Model):
    """Who gives the hechsher."""

    name = models.CharField(max_length=200, unique=True)
    short_name = models.CharField(max_length=50, blank=True)
    aliases = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    website = models.URLField(max_length=500, null=True, blank=True)  # noqa: DJ001
    region = models.CharField(max_length=100, blank=True)
    keys = ArrayField(models.CharField(max_length=200), default=list, editable=False)

    objects: ClassVar[AgencyRepository] = AgencyRepository()

    class Meta:
        verbose_name_plural = "agencies"
        ordering = ["name", "pk"]
        indexes = [GinIndex(fields=["keys"], name="restaurants_agency_keys")]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="restaurants_agency_named")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the agency and bring its places' search text up to its names."""
        self.refresh_keys()
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


class Restaurant(models.Model):
    """A place. Its id is the v3 id and never changes. Change one through `Restaurant.objects.store`."""

    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300, null=True, blank=True)  # noqa: DJ001
    city = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    state = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001
    country = models.CharField(max_length=2, null=True, blank=True, help_text="ISO 3166 alpha-2")  # noqa: DJ001
    zip_code = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001
    phone_number = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001
    website = models.URLField(max_length=500, null=True, blank=True)  # noqa: DJ001
    listing_type = models.CharField(max_length=50, null=True, blank=True)  # noqa: DJ001
    establishment_type = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    short_description = models.TextField(null=True, blank=True)  # noqa: DJ001
    price_range = models.CharField(max_length=4, null=True, blank=True)  # noqa: DJ001
    google_listing_url = models.URLField(max_length=500, null=True, blank=True)  # noqa: DJ001

    kosher_categories = ArrayField(
        models.CharField(max_length=10, choices=Category.choices),
        default=list,
        blank=True,
        help_text="Empty: unknown. v3 shows the first.",
    )

    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    timezone = models.CharField(max_length=64, null=True, blank=True, validators=[validate_timezone])  # noqa: DJ001

    hours_raw = models.TextField(null=True, blank=True, help_text="The hours as the source wrote them")  # noqa: DJ001
    hours_raw_json = models.JSONField(null=True, blank=True)
    opening_hours = models.TextField(  # noqa: DJ001
        null=True, blank=True, validators=[validate_opening_hours], help_text="OpenStreetMap; empty: not known"
    )
    hours_problem = models.CharField(max_length=200, null=True, blank=True, help_text="Why the text was not understood")  # noqa: DJ001
    hours_updated_at = models.DateTimeField(null=True, blank=True)
    opens_after_shabbat_min = models.PositiveSmallIntegerField(null=True, blank=True)
    closes_before_shabbat_min = models.PositiveSmallIntegerField(null=True, blank=True)

    state_of_record = models.CharField(max_length=10, choices=RecordState.choices, default=RecordState.PENDING)
    state_reason = models.CharField(max_length=500, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    source = models.CharField(max_length=200, blank=True)
    sourced_on = models.CharField(
        max_length=10, blank=True, help_text="2019, 2025-08 or 2025-08-12, as the source says"
    )
    quality_flags = ArrayField(models.CharField(max_length=50), default=list, blank=True)

    search_text = models.TextField(editable=False, default="", help_text="Normalised name, address, city, agencies")
    sort_name = models.CharField(max_length=400, editable=False, default="")
    city_key = models.CharField(max_length=200, editable=False, default="", help_text="The city as search compares it")
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[RestaurantRepository] = RestaurantRepository()

    class Meta:
        ordering = ["pk"]
        indexes = [
            GinIndex(OpClass("search_text", "gin_trgm_ops"), name="restaurants_search_trigrams"),
            GinIndex(OpClass("sort_name", "gin_trgm_ops"), name="restaurants_name_trigrams"),
            GinIndex(fields=["kosher_categories"], name="restaurants_categories"),
            models.Index(
                fields=["id"],
                condition=Q(state_of_record=RecordState.APPROVED, deleted_at=None),
                name="restaurants_published",
            ),
            models.Index(fields=["sort_name", "id"], name="restaurants_by_name"),
            models.Index(fields=["city_key", "id"], name="restaurants_by_city"),
            models.Index(Upper("state"), "id", name="restaurants_by_state"),
            models.Index(fields=["country", "id"], name="restaurants_by_country"),
            models.Index(fields=["listing_type", "id"], name="restaurants_by_listing_type"),
            models.Index(fields=["latitude", "longitude"], name="restaurants_by_coordinates"),
            models.Index(fields=["phone_number"], name="restaurants_by_phone"),
            models.Index(fields=["-updated_at"], name="restaurants_by_update"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__gte=-90,
                    latitude__lte=90,
                    longitude__gte=-180,
                    longitude__lte=180,
                ),
                name="restaurants_coordinates_whole",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="restaurants_name_not_empty"),
            models.CheckConstraint(
                condition=~Q(address="")
                & ~Q(city="")
                & ~Q(state="")
                & ~Q(zip_code="")
                & ~Q(phone_number="")
                & ~Q(website="")
                & ~Q(listing_type="")
                & ~Q(establishment_type="")
                & ~Q(timezone="")
                & ~Q(opening_hours=""),
                name="restaurants_unknown_is_null",
            ),
            models.CheckConstraint(
                condition=Q(kosher_categories__contained_by=Category.values), name="restaurants_categories_known"
            ),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="restaurants_country_code"),
            models.CheckConstraint(condition=Q(price_range__regex=r"^[$]{1,4}$"), name="restaurants_price_in_dollars"),
            models.CheckConstraint(condition=Q(sourced_on__regex=SOURCED_ON), name="restaurants_sourced_on_date"),
            models.CheckConstraint(
                condition=Q(state_of_record__in=RecordState.values), name="restaurants_record_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state_of_record=RecordState.REJECTED) | ~Q(state_reason=""),
                name="restaurants_rejected_with_reason",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="restaurants_version_counts"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the row with its search columns; history and version are `Restaurant.objects.store`'s."""
        self.refresh_search(self.certifying_agencies() if self.pk else ())
        if (update_fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*update_fields, *RestaurantRepository.DERIVED}
        super().save(*args, **kwargs)

    def refresh_search(self, agencies: Iterable[Agency]) -> None:
        """Set the columns that search and sort read from the texts that people read."""
        terms = [term for agency in agencies for term in agency.search_terms]
        self.sort_name = normalise(self.name)
        self.city_key = normalise(self.city)
        self.search_text = search_text([self.name, self.address, self.city, self.listing_type, *dict.fromkeys(terms)])

    def certifying_agencies(self) -> list[Agency]:
        """Return the agencies that ever certified this place, in the order of the certificates; reads a prefetch."""
        return [certificate.agency for certificate in self.certificates.all()]


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
        """Store the certificate and bring the place's search text up to its agency."""
        super().save(*args, **kwargs)
        Restaurant.objects.reindex(pk=self.restaurant_id)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Remove the certificate and its agency from the place's search text."""
        outcome = super().delete(*args, **kwargs)
        Restaurant.objects.reindex(pk=self.restaurant_id)
        return outcome


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
    url = models.URLField(max_length=1000)
    position = models.PositiveSmallIntegerField(default=0)
    is_primary = models.BooleanField(default=False)

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


class Change(models.Model):
    """One change of one restaurant: who, when, and each field's old and new value. Append-only, by trigger."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField(default=now)
    actor = models.CharField(max_length=100, help_text="u:<pk>, k:<id> or the command that made it")
    action = models.CharField(max_length=30)
    fields = models.JSONField(default=dict, help_text="field: [old, new]")
    request_id = models.CharField(max_length=128, blank=True)

    objects: ClassVar[ChangeRepository] = ChangeRepository()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"


class Origin(models.Model):
    """What an import last said of a place, so that the next one applies only what its source changed since."""

    restaurant = models.OneToOneField(Restaurant, on_delete=models.CASCADE, primary_key=True, related_name="origin")
    record = models.JSONField()
    imported_at = models.DateTimeField(default=now)

    objects: ClassVar[OriginRepository] = OriginRepository()

    def __str__(self) -> str:
        return f"origin of {self.restaurant_id}"
