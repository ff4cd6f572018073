"""A place of the guide: what is known of it, its hours, where its record stands, and what search reads."""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models, transaction
from django.db.models import Func, Q, Value
from django.db.models.functions import Upper
from django.utils.timezone import now

from restaurants.hours.validation import validate_opening_hours, validate_timezone
from restaurants.kosher import Category
from restaurants.lifecycle import RecordState
from restaurants.repositories import RestaurantRepository
from restaurants.sourcing import SOURCED_ON
from restaurants.spelling import normalise, search_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restaurants.models.agencies import Agency


PHONE_DIGITS: Final = Func(
    Func("phone_number", Value("[^0-9]"), Value(""), Value("g"), function="regexp_replace"),
    Value("^1([0-9]{10})$"),
    Value(r"\1"),
    function="regexp_replace",
)
"""The digits that `restaurants.duplicates` compares."""


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
    hours_source = models.CharField(max_length=200, blank=True, help_text="Who says so, if not the place's source")
    is_shabbat_exempt = models.BooleanField(
        default=False, help_text="Open on Shabbat and Yom Tov though certified: not Jewish-owned, under supervision"
    )
    spans_since = models.DateTimeField(null=True, editable=False)
    spans_until = models.DateTimeField(null=True, editable=False, help_text="The time of which OpeningSpan tells all")

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
            models.Index(PHONE_DIGITS, name="restaurants_by_digits"),
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
        """Store the row, its search columns and opening spans; history and version are `Restaurant.objects.store`'s."""
        self.refresh_search(self.certifying_agencies() if self.pk else ())
        if (update_fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*update_fields, *RestaurantRepository.DERIVED}
        with transaction.atomic():
            super().save(*args, **kwargs)
            Restaurant.objects.foretell([self.pk])

    def refresh_search(self, agencies: "Iterable[Agency]") -> None:
        """Set the columns that search and sort read from the texts that people read."""
        terms = [term for agency in agencies for term in agency.search_terms]
        self.sort_name = normalise(self.name)
        self.city_key = normalise(self.city)
        self.search_text = search_text([self.name, self.address, self.city, self.listing_type, *dict.fromkeys(terms)])

    def certifying_agencies(self) -> "list[Agency]":
        """Return the agencies that ever certified this place, in the order of the certificates; reads a prefetch."""
        return [certificate.agency for certificate in self.certificates.all()]
