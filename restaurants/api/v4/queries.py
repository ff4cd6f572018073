"""What the v4 lists accept as parameters: each by name, of its own kind; anything else is refused."""

from typing import Any, Final

from rest_framework import serializers

from jewgo.core.api import PageQuery, StrictSerializer
from restaurants.api.v4.shapes import BESIDE, SHOWN
from restaurants.api.v4.words import Words, alternatives, known_in
from restaurants.discovery.extras import EXTRAS
from restaurants.discovery.facets import FACETS
from restaurants.discovery.orders import ORDERS
from restaurants.filters import UNKNOWN
from restaurants.kosher import Attribute, Category, Level

MOST_IDS: Final = 200
LONGEST_Q: Final = 200
LEVELS: Final = (*Level.values, UNKNOWN)
PRICES: Final = ("$", "$$", "$$$", "$$$$", UNKNOWN)


class Moment(serializers.DateTimeField):
    """RFC 3339 with an offset: without one nobody knows which hour is meant."""

    default_error_messages = {"naive": "Say in which offset: 2026-12-04T21:30:00-05:00 (a + is written %2B)."}

    def enforce_timezone(self, value: Any) -> Any:
        if value.tzinfo is None:
            self.fail("naive")
        return value


class FieldsQuery(StrictSerializer):
    """The members that an answer shall have."""

    fields = Words(  # type: ignore[assignment]  # the metaclass takes it away; the framework's own `fields` stays
        child=serializers.CharField(validators=[known_in((*SHOWN, *BESIDE))]),
        required=False,
        help_text="Only these members.",
    )


class ShowingQuery(FieldsQuery):
    """What a list shows of each place, and what it counts."""

    include = Words(
        child=serializers.CharField(validators=[known_in(tuple(EXTRAS))]), required=False, help_text="Show these, too."
    )
    facets = Words(
        child=serializers.CharField(validators=[known_in(tuple(FACETS))]),
        required=False,
        help_text="Count the whole result by these, in `meta.facets`.",
    )


class PlaceQuery(StrictSerializer):
    """The filters."""

    q = serializers.CharField(max_length=LONGEST_Q, required=False, help_text="Every word, tolerant of spelling.")
    kosher_category = alternatives((*Category.values, UNKNOWN), "What is served; several are alternatives, ! excludes.")
    agency = alternatives(None, "Who certifies or certified it, by any of the agency's names.")
    certified_on = serializers.DateField(
        required=False, help_text="A certificate held on this day (of `agency`, where that is given)."
    )
    city = alternatives(None, "The city, in any case, with or without accents.")
    state = alternatives(None, "The state or province.")
    country = alternatives(None, "ISO 3166 alpha-2.")
    listing_type = alternatives(None, "Restaurant, bakery …, in any case; `unknown` too.")
    price_range = alternatives(PRICES, "$ to $$$$, or `unknown`.")
    min_rating = serializers.FloatField(
        required=False, min_value=1, max_value=5, help_text="Mean of its published reviews, at least."
    )
    has_reviews = serializers.BooleanField(required=False, help_text="With published reviews, or without.")
    has_hours = serializers.BooleanField(required=False, help_text="With hours that were understood, or without.")
    open_now = serializers.BooleanField(
        required=False, help_text="Open at this minute; false: known to be closed. Shabbat and Yom Tov count as closed."
    )
    open_at = Moment(required=False, help_text="Open then, RFC 3339 with an offset; at most 20 days ahead.")
    open_before_shabbat = serializers.BooleanField(
        required=False, help_text="Open at some moment of the three hours before the next Shabbat's candle lighting."
    )
    lat = serializers.FloatField(required=False, help_text="Degrees north, with `lng`: distances count from there.")
    lng = serializers.FloatField(required=False, help_text="Degrees east.")
    near = serializers.CharField(required=False, max_length=60, help_text="`lat,lng` in one.")
    radius_m = serializers.FloatField(required=False, help_text="No farther than that on the ground, in metres.")
    bbox = serializers.CharField(
        required=False, max_length=120, help_text="west,south,east,north; west > east crosses the 180th meridian."
    )
    ids = Words(
        child=serializers.IntegerField(min_value=1), required=False, max_length=MOST_IDS, help_text="At most 200."
    )

    def get_fields(self) -> dict[str, Any]:
        """Return the parameters, the supervision levels among them."""
        levels = {name: alternatives(LEVELS, f"{Attribute(name).label}: how far.") for name in Attribute.values}
        return {**super().get_fields(), **levels}


class ListQuery(PlaceQuery, ShowingQuery, PageQuery):
    """The parameters of the list."""

    sort = serializers.CharField(
        validators=[known_in(tuple(ORDERS))],
        required=False,
        help_text="Default: relevance with q, else distance with a point, else name.",
    )


class NearbyQuery(PlaceQuery, ShowingQuery, PageQuery):
    """The parameters of what is near: a point, and the list's filters."""


class SearchQuery(ListQuery):
    """The parameters of a search: the list's, with a text."""

    q = serializers.CharField(max_length=LONGEST_Q, help_text="What to search for, as people type it.")


class AutocompleteQuery(StrictSerializer):
    """What is being typed."""

    q = serializers.CharField(max_length=LONGEST_Q, help_text="The beginning of a name, city or agency.")
    limit = serializers.IntegerField(min_value=1, max_value=20, default=10)


class SimilarQuery(FieldsQuery):
    """How many, and what of them."""

    limit = serializers.IntegerField(min_value=1, max_value=20, default=5)


class ExportQuery(PlaceQuery):
    """The filters of an export, and how it is written."""

    format = serializers.CharField(
        validators=[known_in(("csv", "geojson", "ndjson"))],
        required=False,
        help_text="csv, geojson or ndjson; left out: what `Accept` names, else ndjson.",
    )
