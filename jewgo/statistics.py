"""GET /api/v4/statistics: what every domain counts, put together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, TypedDict

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, V4View, v4_conditional
from jewgo.core.errors import InvalidInput
from jewgo.core.schema import operation
from restaurants import services as restaurants
from rollout.gate import FeatureDisabled, Gate
from users.api.permissions import Authority


class RestaurantNumbers(TypedDict):
    """The catalogue: approved restaurants only; one of unknown category is in no category's count."""

    total: int
    by_kosher_category: dict[str, int]
    states: list[str]
    listing_types: list[str]
    last_updated: datetime | None


class Numbers(TypedDict):
    """The numbers of each domain."""

    restaurants: RestaurantNumbers


class StatisticsView(V4View):
    """The service in numbers."""

    permission_classes: Sequence[Any] = [Gate("api_v4_statistics"), Authority]
    v3_path: ClassVar[str | None] = "/api/statistics"

    @operation(data=Numbers, conditional=True, errors=[InvalidInput, FeatureDisabled])
    def get(self, request: Request) -> Response:
        """Show the numbers of every domain."""
        self.query(StrictSerializer)
        return v4_conditional(request, Numbers(restaurants=_of_restaurants()))


def _of_restaurants() -> RestaurantNumbers:
    numbers = restaurants.statistics()
    return {
        "total": numbers.total_restaurants,
        "by_kosher_category": dict(numbers.counts_by_kosher_category),
        "states": list(numbers.states),
        "listing_types": list(numbers.listing_types),
        "last_updated": numbers.last_updated,
    }


urlpatterns = [path("api/v4/statistics", StatisticsView.as_view())]
