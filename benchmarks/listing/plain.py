"""The list as a plain ModelViewSet gives it, and the same answer as a constant that DRF renders on every request."""

from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import include, path
from django.utils import timezone
from rest_framework import pagination, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from restaurants.hours.opening import opening_at
from restaurants.hours.schedule import schedule_of
from restaurants.kosher import Attribute
from restaurants.models import Agency, Certificate, Image, Restaurant, SupervisionLevel

NOT_SAID = {"level": "unknown", "scope": None, "source": None, "sourced_on": None}


class Told(serializers.CharField):
    """A text whose emptiness is shown as null."""

    def to_representation(self, value: Any) -> Any:
        return value or None


class AgencySerializer(serializers.ModelSerializer[Agency]):
    short_name = Told()

    class Meta:
        model = Agency
        fields = ("id", "name", "short_name", "website")


class CertificateSerializer(serializers.ModelSerializer[Certificate]):
    is_expired = serializers.SerializerMethodField()
    scope, source, sourced_on = Told(), Told(), Told()  # type: ignore[assignment]

    class Meta:
        model = Certificate
        fields = (
            "id", "agency_id", "number", "valid_from", "valid_to", "is_expired", "scope", "source", "sourced_on",
            "verified_at",
        )  # fmt: skip

    def get_is_expired(self, row: Certificate) -> bool:
        return row.valid_to is not None and row.valid_to < timezone.now().date()


class LevelSerializer(serializers.ModelSerializer[SupervisionLevel]):
    scope, source, sourced_on = Told(), Told(), Told()  # type: ignore[assignment]

    class Meta:
        model = SupervisionLevel
        fields = ("level", "scope", "source", "sourced_on")


class ImageSerializer(serializers.ModelSerializer[Image]):
    class Meta:
        model = Image
        fields = ("url", "is_primary")


class RestaurantSerializer(serializers.ModelSerializer[Restaurant]):
    location = serializers.SerializerMethodField()
    kosher = serializers.SerializerMethodField()
    hours = serializers.SerializerMethodField()
    images = ImageSerializer(many=True)
    record_state = serializers.CharField(source="state_of_record")
    source, sourced_on = Told(), Told()  # type: ignore[assignment]

    class Meta:
        model = Restaurant
        fields = (
            "id", "name", "address", "city", "state", "country", "zip_code", "phone_number", "website", "listing_type",
            "establishment_type", "short_description", "price_range", "google_listing_url", "location", "timezone",
            "kosher", "hours", "images", "record_state", "source", "sourced_on", "version", "created_at", "updated_at",
        )  # fmt: skip

    def get_location(self, place: Restaurant) -> Any:
        if place.latitude is None:
            return None
        return {"latitude": place.latitude, "longitude": place.longitude}

    def get_kosher(self, place: Restaurant) -> Any:
        certificates, levels = place.certificates.all(), {row.attribute: row for row in place.levels.all()}
        agencies = {row.agency_id: row.agency for row in certificates}
        return {
            "categories": place.kosher_categories,
            "levels": {
                name: LevelSerializer(levels[name]).data if name in levels else NOT_SAID for name in Attribute.values
            },
            "agencies": AgencySerializer(list(agencies.values()), many=True).data,
            "certificates": CertificateSerializer(certificates, many=True).data,
        }

    def get_hours(self, place: Restaurant) -> Any:
        minutes = [row.agency.candle_lighting_min for row in place.certificates.all()]
        stands = opening_at(schedule_of(place, minutes), timezone.now())
        return {
            "status": stands.status,
            "reason": stands.reason,
            "next_change_at": stands.next_change_at
            and stands.next_change_at.astimezone(ZoneInfo(place.timezone or "UTC")),
            "text": place.hours_raw,
            "opening_hours": place.opening_hours,
            "problem": place.hours_problem,
            "is_shabbat_exempt": place.is_shabbat_exempt,
            "updated_at": place.hours_updated_at,
        }


class Pages(pagination.CursorPagination):
    """Pages by name, in v4's envelope; the cursor is DRF's own."""

    ordering = ("sort_name", "id")
    page_size_query_param = "limit"

    def get_paginated_response(self, data: Any) -> Response:
        meta = {"limit": self.page_size, "count": len(data), "next_cursor": self.get_next_link(), "sort": "name"}
        return Response({"success": True, "data": data, "meta": meta})


class RestaurantViewSet(viewsets.ModelViewSet[Restaurant]):
    queryset = Restaurant.objects.published().prefetch_related("certificates__agency", "levels", "images")
    serializer_class = RestaurantSerializer
    pagination_class = Pages


@cache
def _constant() -> Any:
    first = RestaurantSerializer(RestaurantViewSet.queryset.order_by("sort_name", "id")[:20], many=True).data
    meta = {"limit": 20, "count": 20, "next_cursor": "c" * 80, "sort": "name"}
    return {"success": True, "data": first, "meta": meta}


class StaticView(APIView):
    """Renders what it has."""

    def get(self, request: Request) -> Response:
        return Response(_constant())


router = SimpleRouter(trailing_slash=False)
router.register("restaurants", RestaurantViewSet)
urlpatterns = [path("api/v4/", include(router.urls)), path("static-list", StaticView.as_view())]
