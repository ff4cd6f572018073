"""What v4 accepts as a body: each member by name; anything else is refused."""

from collections.abc import Mapping
from typing import Any, Final

from rest_framework import serializers

from jewgo.core.api import StrictSerializer
from restaurants.api.v4.words import known_in
from restaurants.kosher import Attribute, Category, Level
from restaurants.sourcing import SOURCED_ON
from restaurants.values import Draft, LevelFact

COUNTRY: Final = r"^[A-Za-z]{2}$"


class WriteQuery(StrictSerializer):
    """The parameters of a change."""

    dry_run = serializers.BooleanField(default=False, help_text="Do everything, store nothing.")


class NewQuery(WriteQuery):
    """The parameters of a proposal."""

    force = serializers.BooleanField(default=False, help_text="Store it although it is probably in the guide already.")


class LevelBody(StrictSerializer):
    """How far one attribute holds, and who says so."""

    attribute = serializers.CharField(validators=[known_in(Attribute.values)])
    level = serializers.CharField(validators=[known_in(Level.values)])
    scope = serializers.CharField(max_length=200, allow_blank=True, default="")
    source = serializers.CharField(max_length=200, allow_blank=True, default="")  # type: ignore[assignment]
    sourced_on = serializers.RegexField(SOURCED_ON, allow_blank=True, default="")


def text(max_length: int) -> serializers.CharField:
    """Return the field of a text that may be unknown."""
    return serializers.CharField(max_length=max_length, required=False, allow_null=True)


class RestaurantBody(StrictSerializer):
    """A restaurant's own members; null and absent mean unknown."""

    name = serializers.CharField(max_length=200)
    address = serializers.CharField(max_length=300)
    city = serializers.CharField(max_length=100)
    country = serializers.RegexField(COUNTRY, help_text="ISO 3166 alpha-2.")
    state = text(50)
    zip_code = text(20)
    phone_number = text(50)
    website = serializers.URLField(max_length=500, required=False, allow_null=True)
    listing_type = text(50)
    establishment_type = text(100)
    short_description = text(5000)
    price_range = serializers.RegexField(r"^[$]{1,4}$", required=False, allow_null=True)
    google_listing_url = serializers.URLField(max_length=500, required=False, allow_null=True)
    kosher_categories = serializers.ListField(
        child=serializers.CharField(validators=[known_in(Category.values)]), required=False, max_length=4
    )
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False, allow_null=True)
    timezone = text(64)
    source = serializers.CharField(max_length=200, required=False, allow_blank=True)  # type: ignore[assignment]
    sourced_on = serializers.RegexField(SOURCED_ON, required=False, allow_blank=True)
    levels = LevelBody(many=True, required=False)


class NewRestaurantBody(RestaurantBody):
    """A new restaurant may name its agency and its pictures at once."""

    agency = serializers.CharField(max_length=200, required=False)
    images = serializers.ListField(child=serializers.URLField(max_length=1000), required=False, max_length=20)


def changes_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a validated body as a draft holds them."""
    changes = dict(body)
    if changes.get("country"):
        changes["country"] = changes["country"].upper()
    if "levels" in changes:
        changes["levels"] = tuple(LevelFact(**level) for level in changes["levels"])
    return {name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()}


def draft_of(body: Mapping[str, Any]) -> Draft:
    """Return what a validated body proposes."""
    return Draft(**changes_of(body))
