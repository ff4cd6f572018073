"""The hours of one restaurant: what is known, and how those who keep the catalogue set them."""

from functools import partial
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, etag_for, require_match, v4_conditional, v4_response
from jewgo.core.api.wire import dumps
from jewgo.core.errors import InvalidInput
from jewgo.core.schema import operation
from restaurants import services
from restaurants.api.v4.forms import WriteQuery
from restaurants.api.v4.hours_shapes import RestaurantHoursShape, present_hours
from restaurants.api.v4.places import CLASHES, CatalogueView, seen
from restaurants.repositories import UnknownRestaurant
from restaurants.services.hours import HoursNotUnderstood, StatedHours
from rollout.gate import FeatureDisabled
from rollout.identity import identify

LONGEST_OFFSET_MIN = 600


def offset(help_text: str) -> serializers.IntegerField:
    """Return the field of minutes in relation to Shabbat."""
    return serializers.IntegerField(
        min_value=0, max_value=LONGEST_OFFSET_MIN, required=False, allow_null=True, help_text=help_text
    )


class HoursQuery(StrictSerializer):
    """No parameters."""


class HoursBody(StrictSerializer):
    """The hours, whole: what is left out becomes unknown. They are given once, as `opening_hours` or as `text`."""

    opening_hours = serializers.CharField(
        max_length=2000, required=False, allow_null=True, help_text="OpenStreetMap, such as Mo-Th,Su 11:00-22:00."
    )
    text = serializers.CharField(
        max_length=2000, required=False, allow_null=True, help_text="As people write them: Sun-Thu 11am-10pm, …"
    )
    opens_after_shabbat_min = offset("Opens so long after nightfall on Saturday.")
    closes_before_shabbat_min = offset("Closes so long before candle lighting on Friday.")
    is_shabbat_exempt = serializers.BooleanField(
        default=False, help_text="Certified, but not Jewish-owned: open on Shabbat and Yom Tov as listed."
    )
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=200, required=False, allow_blank=True, default="", help_text="Who says so."
    )


class RestaurantHoursView(CatalogueView):
    """The hours of one restaurant."""

    v3_path: ClassVar[str | None] = "/api/restaurants/{restaurant_id}/hours"

    @operation(
        query=HoursQuery,
        data=RestaurantHoursShape,
        conditional=True,
        errors=[InvalidInput, UnknownRestaurant, FeatureDisabled],
    )
    def get(self, request: Request, restaurant_id: int) -> Response:
        """Show whether the restaurant is open, why, until when, and its coming seven days."""
        self.query(HoursQuery)
        place = seen(request, restaurant_id)
        return v4_conditional(request, present_hours(place, timezone.now()), version=place.version)

    @operation(
        query=WriteQuery,
        body=HoursBody,
        data=RestaurantHoursShape,
        conditional=True,
        errors=(*CLASHES, HoursNotUnderstood),
    )
    def put(self, request: Request, restaurant_id: int) -> Response:
        """Replace the hours; refused where they are not understood. With `dry_run` nothing is stored."""
        query, at = self.query(WriteQuery), timezone.now()
        place = services.set_hours(
            restaurant_id,
            StatedHours(**self.body(HoursBody)),
            str(identify(request)),
            expect=partial(require_match, request._request),
            at=at,
            dry_run=query["dry_run"],
        )
        data: Any = present_hours(place, at)
        if query["dry_run"]:
            return v4_response(data, meta={"dry_run": True})
        return v4_response(data, headers={"ETag": etag_for(place.version, dumps([data, None]))})
