"""What people keep, look at and share."""

from dataclasses import asdict
from datetime import UTC, date
from typing import TypedDict

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import PageQuery, StrictSerializer, V4View, v4_conditional, v4_response
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.paging import InvalidCursor, PageRequest
from jewgo.core.schema import operation
from restaurants import services
from restaurants.api.v4.places import CatalogueView, seen
from restaurants.api.v4.shapes import ListedShape, present_listed
from restaurants.counting import tally
from restaurants.repositories import UnknownRestaurant
from restaurants.services import favourites
from restaurants.services.attention import attention
from restaurants.services.favourites import TooManyFavourites
from restaurants.services.owning import owns
from rollout.gate import FeatureDisabled
from users.api.givers import own_id
from users.api.permissions import meets
from users.authority import EVERY_PLACE

DENIALS = (InvalidInput, Unauthenticated, Forbidden)


class DayShape(TypedDict):
    """The counts of one day (UTC)."""

    day: date
    views: int
    shares: int


class AttentionShape(TypedDict):
    """How often a place was looked at and shared, in all and by day."""

    views: int
    shares: int
    days: list[DayShape]


class DaysQuery(StrictSerializer):
    """How far back to look."""

    days = serializers.IntegerField(min_value=1, max_value=366, default=30)


class FavouritesView(V4View):
    """`/api/v4/users/me/favourites`: never gated, as all that is one's own."""

    @operation(query=PageQuery, data=list[ListedShape], conditional=True, errors=[*DENIALS, InvalidCursor])
    def get(self, request: Request) -> Response:
        """Answer one page of the places that you keep, the latest first, as far as they are in the guide now."""
        asked = PageRequest.of(self.query(PageQuery))
        page, at = favourites.favourites(own_id(request), asked), timezone.now()
        shown = [present_listed(row, at=at, measured=False, only=()) for row in page.items]
        return v4_conditional(request, shown, meta=asked.meta(page))


class FavouriteView(V4View):
    """`/api/v4/users/me/favourites/{id}`."""

    @operation(status=204, errors=[*DENIALS, UnknownRestaurant, TooManyFavourites])
    def put(self, request: Request, restaurant_id: int) -> Response:
        """Keep a place for later; keeping it again changes nothing."""
        self.query(StrictSerializer)
        favourites.keep(own_id(request), restaurant_id)
        return Response(status=204)

    @operation(status=204, errors=[*DENIALS, UnknownRestaurant])
    def delete(self, request: Request, restaurant_id: int) -> Response:
        """Keep a place no longer; one that was not kept is as good as gone."""
        self.query(StrictSerializer)
        favourites.let_go(own_id(request), restaurant_id)
        return Response(status=204)


class ShareView(CatalogueView):
    """A place was passed on."""

    @operation(status=204, errors=[InvalidInput, UnknownRestaurant, FeatureDisabled])
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Count that somebody shared a restaurant; who, is not kept."""
        self.query(StrictSerializer)
        tally.note("shares", services.detail(restaurant_id).id)
        return Response(status=204)


class AttentionView(CatalogueView):
    """How often a place is looked at, for its owners and those who keep the guide."""

    @operation(
        query=DaysQuery,
        data=AttentionShape,
        conditional=True,
        errors=[*DENIALS, UnknownRestaurant, FeatureDisabled],
    )
    def get(self, request: Request, restaurant_id: int) -> Response:
        """Show how often a restaurant was looked at and shared; of the last seconds some are still to come."""
        query = self.query(DaysQuery)
        place = seen(request, restaurant_id)
        if not (meets(request, EVERY_PLACE) or owns(request.user.pk, place.id)):
            raise Forbidden(hint="Staff enter the owners of a place.")
        days = attention(place.id, today=timezone.now().astimezone(UTC).date(), days=query["days"])
        views, shares = sum(day.views for day in days), sum(day.shares for day in days)
        return v4_response({"views": views, "shares": shares, "days": [asdict(day) for day in days]})
