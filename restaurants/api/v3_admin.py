"""v3's admin routes of restaurants: every record but deleted ones, listed and changed; errors are `{"error": …}`."""

from typing import Any, ClassVar, TypedDict

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, lenient_int
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.paging import MAX_OFFSET
from jewgo.core.problems import ErrorStyle
from jewgo.core.schema import operation
from restaurants.api.v3_forms import AdminForm, RestaurantForm, ValidationFailed, read_amendment, read_draft
from restaurants.api.v3_schema import RestaurantShape
from restaurants.api.v3_writes import AMEND, CREATE, DELETE, KEPT, VALIDATION, hold_against_rules
from restaurants.lifecycle import IllegalRecordMove, RecordState
from restaurants.repositories import UnknownRestaurant
from restaurants.values import MAX_ID, KeptCriteria
from rollout.identity import identify

MAX_QUERY = 200


class RestaurantIdRequired(InvalidInput):
    """A change that does not say of what."""

    title = "restaurantId is required"


class AdminQuery(serializers.Serializer[Any]):
    """What the list reads of its parameters."""

    page = serializers.IntegerField(default=1)
    limit = serializers.IntegerField(default=20, help_text="At most 100.")
    search = serializers.CharField(required=False)
    status = serializers.CharField(required=False, help_text="The record's state; `active` is approved.")
    restaurantId = serializers.IntegerField(required=False)  # noqa: N815  # v3's own word


class PagesShape(TypedDict):
    """Where in the list a page is."""

    page: int
    limit: int
    total: int
    pages: int


class AdminPageShape(TypedDict):
    """One page of the records."""

    restaurants: list[RestaurantShape]
    pagination: PagesShape


class SuccessShape(TypedDict):
    """It is done."""

    success: bool


class AdminView(V3View):
    """The records, not only what is published of them."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = "/api/v4/restaurants"


class AdminRestaurants(AdminView):
    """`/api/admin/restaurants`: the records, for whoever keeps the guide."""

    @operation(query=AdminQuery, data=AdminPageShape, bare=True, errors=[Unauthenticated, Forbidden])
    def get(self, request: Request) -> Response:
        """List the records, the latest first."""
        asked = request.query_params
        page = max(lenient_int(asked.get("page"), 1, MAX_OFFSET), 1)
        limit = lenient_int(asked.get("limit"), 20, 100)
        found = KEPT(request, _criteria(request, limit, min((page - 1) * limit, MAX_OFFSET)))
        total = found["total"]
        pagination = {"page": page, "limit": limit, "total": total, "pages": -(-total // limit) if limit else 0}
        return Response({"restaurants": found["restaurants"], "pagination": pagination})

    @operation(
        body=RestaurantForm,
        data=SuccessShape,
        status=201,
        bare=True,
        errors=[ValidationFailed, Unauthenticated, Forbidden],
    )
    def post(self, request: Request) -> Response:
        """Add a restaurant; it awaits approval."""
        actor = str(identify(request))
        draft = read_draft(request.data, source=f"v3 API, {actor}")
        if VALIDATION.is_on(request):
            hold_against_rules(draft)
        place = CREATE(request, draft, actor)
        return Response({"success": True}, status=201, headers={"Location": f"/api/restaurants/{place['id']}"})

    @operation(
        body=AdminForm,
        data=SuccessShape,
        bare=True,
        errors=[ValidationFailed, Unauthenticated, Forbidden, UnknownRestaurant, IllegalRecordMove],
    )
    def put(self, request: Request) -> Response:
        """Change what is given of a restaurant, its record's state among it."""
        restaurant_id = _named(request)
        actor = str(identify(request))
        draft, amendment = read_amendment(request.data, source=f"v3 API, {actor}", form=AdminForm)
        if VALIDATION.is_on(request):
            hold_against_rules(draft)
        AMEND(request, restaurant_id, amendment, actor)
        return Response({"success": True})


class AdminRestaurant(AdminView):
    """`/api/admin/restaurants/{id}`: one record."""

    @operation(data=SuccessShape, bare=True, errors=[Unauthenticated, Forbidden, UnknownRestaurant])
    def delete(self, request: Request, restaurant_id: int) -> Response:
        """Take a restaurant away; it can be brought back."""
        DELETE(request, restaurant_id, str(identify(request)))
        return Response({"success": True})


def _criteria(request: Request, limit: int, offset: int) -> KeptCriteria:
    asked = request.query_params
    status = asked.get("status", "").strip().lower()
    number = lenient_int(asked.get("restaurantId"), -1, MAX_ID)
    return KeptCriteria(
        text=asked.get("search", "").strip()[:MAX_QUERY],
        record_state=(RecordState.APPROVED.value if status == "active" else status) or None,
        restaurant_id=number if number >= 0 else None,
        limit=limit,
        offset=offset,
    )


def _named(request: Request) -> int:
    """Return the id that the body or the query names; a text of digits will do."""
    said = request.data.get("restaurantId") if isinstance(request.data, dict) else None
    text = str(request.query_params.get("restaurantId", "") if said is None else said)
    number = lenient_int(text, 0, MAX_ID)
    if not number:
        raise RestaurantIdRequired
    return number
