"""What v4 accepts: the parameters of a list, the members of a body; anything else is refused by name."""

import difflib
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from rest_framework import serializers

from jewgo.core.api import PageQuery, StrictSerializer
from restaurants.api.v4.shapes import SHOWN
from restaurants.discovery.orders import ORDERS
from restaurants.filters import UNKNOWN, Choice, PlaceFilter
from restaurants.kosher import Attribute, Category, Level
from restaurants.sourcing import SOURCED_ON
from restaurants.values import Draft, LevelFact

FILTERS: Final = ("kosher_category", "agency", "city", "state", "country")
MAX_ALTERNATIVES: Final = 50
COUNTRY: Final = r"^[A-Za-z]{2}$"


def known_in(words: Collection[str]) -> Callable[[str], None]:
    """Return the validator that takes only `words` and names the nearest one otherwise."""

    def check(value: str) -> None:
        if value not in words:
            near = difflib.get_close_matches(value, words, n=1)
            offered = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(words)}."
            raise serializers.ValidationError(f"There is no {value[:100]!r} here; {offered}", code="unknown_value")

    return check


class Words(serializers.ListField):
    """Several values, repeated or parted by commas."""

    def to_internal_value(self, data: Any) -> list[str]:
        parted = [part.strip() for text in data for part in str(text).split(",")]
        return super().to_internal_value(parted)


class Alternative(serializers.CharField):
    """One value, with `!` before it or not; `words` are the values there are, None: free text."""

    def __init__(self, words: Collection[str] | None = None, **kwargs: Any) -> None:
        super().__init__(max_length=kwargs.pop("max_length", 200), **kwargs)
        self.words = words

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        bare = text.removeprefix("!")
        if not bare:
            self.fail("blank")
        if self.words is not None:
            known_in(self.words)(bare)
        return text


def alternatives(words: Collection[str] | None, help_text: str) -> Words:
    """Return the field of a filter: any of its values will do, one that starts with `!` must not be."""
    return Words(child=Alternative(words), required=False, max_length=MAX_ALTERNATIVES, help_text=help_text)


class FieldsQuery(StrictSerializer):
    """The members that an answer shall have."""

    fields = Words(  # type: ignore[assignment]  # the metaclass takes it away; the framework's own `fields` stays
        child=serializers.CharField(validators=[known_in(SHOWN)]), required=False, help_text="Only these members."
    )


class ListQuery(PageQuery, FieldsQuery):
    """The parameters of the list."""

    q = serializers.CharField(max_length=200, required=False, help_text="Every word, tolerant of spelling.")
    kosher_category = alternatives((*Category.values, UNKNOWN), "What is served; several are alternatives, ! excludes.")
    agency = alternatives(None, "Who certifies or certified it, by any of the agency's names.")
    city = alternatives(None, "The city, in any case, with or without accents.")
    state = alternatives(None, "The state or province.")
    country = alternatives(None, "ISO 3166 alpha-2.")
    sort = serializers.CharField(
        validators=[known_in(tuple(ORDERS))], required=False, help_text="Default: relevance with q, else name."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters with the sort that they mean."""
        attrs.setdefault("sort", "relevance" if attrs.get("q") else "name")
        if attrs["sort"] == "relevance" and not attrs.get("q"):
            raise serializers.ValidationError({"sort": ["Relevance needs a text: give q, or sort by name."]})
        return attrs


def filter_of(query: Mapping[str, Any]) -> PlaceFilter:
    """Return the filter that validated parameters ask for."""
    return PlaceFilter(q=query.get("q", ""), **{name: Choice.of(query[name]) for name in FILTERS if name in query})


class WriteQuery(StrictSerializer):
    """The parameters of a change."""

    dry_run = serializers.BooleanField(default=False, help_text="Do everything, store nothing.")


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
