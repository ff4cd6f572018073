"""The catalogue: a religious attribute is unknown until a source says otherwise; absence is null, not a default."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from restaurants.repositories import AgencyRepository, ImageRepository, RestaurantRepository


class Category(models.TextChoices):
    MEAT = "meat"
    DAIRY = "dairy"
    PAREVE = "pareve"
    FISH = "fish"


class RecordState(models.TextChoices):
    """Where a restaurant's record stands in its life."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Attribute(models.TextChoices):
    """What a supervision level speaks about."""

    CHOLOV_YISROEL = "cholov_yisroel"
    PAS_YISROEL = "pas_yisroel"
    YOSHON = "yoshon"
    BISHUL_YISROEL = "bishul_yisroel"
    MEHADRIN = "mehadrin"
    GLATT = "glatt"


class Level(models.TextChoices):
    """How far an attribute holds; a missing row means unknown."""

    ALL = "all"
    SOME = "some"
    AVAILABLE = "available"
    NONE = "none"
    NOT_APPLICABLE = "not_applicable"


class Agency(models.Model):
    """Who gives the hechsher."""

    name = models.CharField(max_length=200, unique=True)
    short_name = models.CharField(max_length=50, blank=True)
    aliases = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    website = models.URLField(max_length=500, null=True, blank=True)  # noqa: DJ001
    region = models.CharField(max_length=100, blank=True)

    objects: ClassVar[AgencyRepository] = AgencyRepository()

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name


class Restaurant(models.Model):
    """A place. Its id is the v3 id and never changes."""

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
    timezone = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001

    hours_raw = models.TextField(null=True, blank=True, help_text="The hours as the source wrote them")  # noqa: DJ001
    hours_raw_json = models.JSONField(null=True, blank=True)
    opening_hours = models.TextField(null=True, blank=True, help_text="OpenStreetMap opening_hours; null: not known")  # noqa: DJ001
    hours_problem = models.CharField(max_length=200, null=True, blank=True, help_text="Why the text was not understood")  # noqa: DJ001
    hours_updated_at = models.DateTimeField(null=True, blank=True)
    opens_after_shabbat_min = models.SmallIntegerField(null=True, blank=True)
    closes_before_shabbat_min = models.SmallIntegerField(null=True, blank=True)

    state_of_record = models.CharField(max_length=10, choices=RecordState.choices, default=RecordState.PENDING)
    state_reason = models.CharField(max_length=500, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    source = models.CharField(max_length=200, blank=True)
    sourced_on = models.DateField(null=True, blank=True)
    quality_flags = ArrayField(models.CharField(max_length=50), default=list, blank=True)

    search_text = models.TextField(editable=False, default="", help_text="Normalised name, address, city, agencies")
    sort_name = models.CharField(max_length=200, editable=False, default="")
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[RestaurantRepository] = RestaurantRepository()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="restaurants_coordinates_whole",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="restaurants_name_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name


class Certificate(models.Model):
    """One agency's word for one place. Expired is shown, never hidden."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="certificates")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="certificates")
    number = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    scope = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=200, blank=True)
    sourced_on = models.DateField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_to__isnull=True)
                | Q(valid_to__gte=models.F("valid_from")),
                name="restaurants_certificate_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency} for {self.restaurant}"


class SupervisionLevel(models.Model):
    """How far one attribute holds at one place, in a source's words. No row: unknown."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="levels")
    attribute = models.CharField(max_length=20, choices=Attribute.choices)
    level = models.CharField(max_length=20, choices=Level.choices)
    scope = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=200, blank=True)
    sourced_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["restaurant", "attribute"], name="restaurants_level_once")]

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
        ]

    def __str__(self) -> str:
        return self.url


class Change(models.Model):
    """One change of one restaurant: who, when, and each field's old and new value. Append-only."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=now)
    actor = models.CharField(max_length=100, help_text="u:<pk>, k:<id> or the command that made it")
    action = models.CharField(max_length=30)
    fields = models.JSONField(default=dict)
    request_id = models.CharField(max_length=128, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor}"
