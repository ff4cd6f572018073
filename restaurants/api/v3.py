"""The v3 contract of restaurants, frozen: what apps in the field speak, whichever engine answers."""

import time
from typing import Any, ClassVar, Final

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, v3_envelope
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated, Unavailable
from jewgo.core.schema import operation
from restaurants import services
from restaurants.api import v3_schema
from restaurants.api.v3_admin import AdminRestaurant, AdminRestaurants
from restaurants.api.v3_forms import (
    ListQuery,
    RestaurantForm,
    SearchQuery,
    ValidationFailed,
    read_amendment,
    read_draft,
)
from restaurants.api.v3_hours import HoursShape, present_hours
from restaurants.api.v3_shapes import (
    present_kosher_types,
    present_list,
    present_place,
    present_search,
    present_specials,
    present_statistics,
)
from restaurants.api.v3_writes import AMEND, CREATE, DELETE, RESTAURANTS, VALIDATION, hold_against_rules
from restaurants.counting import tally
from restaurants.repositories import UnknownRestaurant
from restaurants.services import specials
from restaurants.values import ListCriteria, SearchCriteria
from rollout.identity import identify
from rollout.switch import Switch

MAX_QUERY: Final = 200
"""Characters of a search that are looked at; what follows is ignored, as v3 ignores what it does not understand."""

LIST = Switch(RESTAURANTS, "restaurants.list", candidate=services.list_places, present=present_list, writes=False)
SEARCH = Switch(RESTAURANTS, "restaurants.search", candidate=services.search, present=present_search, writes=False)
DETAIL = Switch(RESTAURANTS, "restaurants.detail", candidate=services.detail, present=present_place, writes=False)
HOURS = Switch(RESTAURANTS, "restaurants.hours", candidate=services.detail, present=present_hours, writes=False)
KOSHER_TYPES = Switch(
    RESTAURANTS,
    "restaurants.kosher_types",
    candidate=services.kosher_types,
    present=present_kosher_types,
    writes=False,
)
BUSINESS_TYPES = Switch(
    RESTAURANTS, "restaurants.business_types", candidate=services.business_types, present=list[str], writes=False
)
STATISTICS = Switch(
    "api_v4_statistics",
    "restaurants.statistics",
    candidate=services.statistics,
    present=present_statistics,
    writes=False,
)
SPECIALS = Switch(RESTAURANTS, "restaurants.specials", candidate=specials.shown, present=present_specials, writes=False)


class QueryRequired(InvalidInput):
    """A search without anything to search for."""

    title = "Query parameter 'q' is required"


class RestaurantsView(V3View):
    """The list, and new entries."""

    successor: ClassVar[str] = "/api/v4/restaurants"

    @operation(**v3_schema.LIST, query=ListQuery, errors=[Unavailable])
    def get(self, request: Request) -> Response:
        """List approved restaurants by id."""
        criteria = _criteria(self, request)
        found = LIST(request, criteria)
        places, total = found["restaurants"], found["total"]
        window = {"limit": criteria.limit, "offset": criteria.offset}
        filters = _filters(criteria)
        return v3_envelope(
            request,
            data={"restaurants": places},
            message=f"Retrieved {len(places)} restaurants",
            meta={"count": len(places), "total": total, **window, **({"filters": filters} if filters else {})},
            top_level={"restaurants": places, "pagination": {**window, "count": len(places), "total": total}},
        )

    @operation(**v3_schema.CREATED, body=RestaurantForm, errors=[ValidationFailed, Unauthenticated, Forbidden])
    def post(self, request: Request) -> Response:
        """Add a restaurant; it awaits approval."""
        actor = str(identify(request))
        draft = read_draft(request.data, source=f"v3 API, {actor}")
        if VALIDATION.is_on(request):
            hold_against_rules(draft)
        place = CREATE(request, draft, actor)
        return v3_envelope(request, data={"restaurant": place}, message="Restaurant created", status=201)


class SearchView(V3View):
    """Search by what people type."""

    limited_as: ClassVar[str | None] = "search"
    successor: ClassVar[str] = "/api/v4/restaurants"

    @operation(**v3_schema.SEARCH, query=SearchQuery, errors=[QueryRequired])
    def get(self, request: Request) -> Response:
        """Search names, addresses, cities and agencies; the best first."""
        q = request.query_params.get("q", "").strip()
        if not q:
            raise QueryRequired
        window = self.window(request, limit=20, maximum=100)
        started = time.perf_counter()
        found = SEARCH(request, SearchCriteria(q[:MAX_QUERY], window.limit, window.offset))
        data = {
            "results": found["results"],
            "query": q,
            "total_results": found["total"],
            "execution_time": round(time.perf_counter() - started, 6),
        }
        return v3_envelope(
            request, data=data, meta={"query": q, "count": len(found["results"]), "total": found["total"]}
        )


class RestaurantView(V3View):
    """One restaurant."""

    successor: ClassVar[str] = "/api/v4/restaurants"

    @operation(**v3_schema.DETAIL, errors=[UnknownRestaurant])
    def get(self, request: Request, restaurant_id: int) -> Response:
        """Show an approved restaurant."""
        place = DETAIL(request, restaurant_id)
        tally.note("views", restaurant_id)
        return v3_envelope(request, data={"restaurant": place}, top_level={"restaurant": place})

    @operation(
        **v3_schema.UPDATED,
        body=RestaurantForm,
        errors=[ValidationFailed, Unauthenticated, Forbidden, UnknownRestaurant],
    )
    def put(self, request: Request, restaurant_id: int) -> Response:
        """Change what is given of a restaurant; what v3 cannot say stays as it is."""
        actor = str(identify(request))
        draft, amendment = read_amendment(request.data, source=f"v3 API, {actor}")
        if VALIDATION.is_on(request):
            hold_against_rules(draft)
        place = AMEND(request, restaurant_id, amendment, actor)
        return v3_envelope(request, data={"restaurant": place}, message="Restaurant updated")

    @operation(status=204, errors=[Unauthenticated, Forbidden, UnknownRestaurant])
    def delete(self, request: Request, restaurant_id: int) -> Response:
        """Take a restaurant away; it can be brought back."""
        DELETE(request, restaurant_id, str(identify(request)))
        return Response(status=204)


class SpecialsView(V3View):
    """What a restaurant offers for a while."""

    successor: ClassVar[str] = "/api/v4/restaurants"

    @operation(**v3_schema.SPECIALS, errors=[UnknownRestaurant])
    def get(self, request: Request, restaurant_id: int) -> Response:
        """List the specials of an approved restaurant that are on now."""
        return Response({"restaurant_id": restaurant_id, "items": SPECIALS(request, restaurant_id)})


class HoursView(V3View):
    """The hours of one restaurant."""

    successor: ClassVar[str] = "/api/v4/restaurants"

    @operation(data=HoursShape, bare=True, errors=[UnknownRestaurant])
    def get(self, request: Request, restaurant_id: int) -> Response:
        """Show whether an approved restaurant is open, and its coming seven days; without an envelope."""
        return Response(HOURS(request, restaurant_id))


class KosherTypesView(V3View):
    """The kosher categories in use."""

    successor: ClassVar[str] = "/api/v4/restaurants"

    @operation(**v3_schema.KOSHER_TYPES)
    def get(self, request: Request) -> Response:
        """List the categories that approved restaurants show, with their numbers."""
        types = KOSHER_TYPES(request)
        return v3_envelope(request, data={"kosher_types": types}, top_level={"kosher_types": types})


class BusinessTypesView(V3View):
    """The listing types in use."""

    successor: ClassVar[str] = "/api/v4/restaurants"

    @operation(data={"business_types": list[str]})
    def get(self, request: Request) -> Response:
        """List the listing types of approved restaurants."""
        return v3_envelope(request, data={"business_types": BUSINESS_TYPES(request)})


class StatisticsView(V3View):
    """The catalogue in numbers."""

    successor: ClassVar[str] = "/api/v4/statistics"

    @operation(data=v3_schema.StatisticsShape, errors=[Unavailable])
    def get(self, request: Request) -> Response:
        """Show the catalogue in numbers."""
        return v3_envelope(request, data=STATISTICS(request), message="Statistics retrieved")


def _criteria(view: V3View, request: Request) -> ListCriteria:
    asked = request.query_params
    category = asked.get("kosher_type") or asked.get("kosher_category") or ""
    window = view.window(request, limit=100, maximum=1000)
    return ListCriteria(
        kosher_category=category.strip().lower() or None,
        record_state=asked.get("status") or None,
        state=asked.get("state") or None,
        city=asked.get("city") or None,
        business_types=tuple(filter(None, asked.getlist("business_types"))),
        limit=window.limit,
        offset=window.offset,
    )


def _filters(criteria: ListCriteria) -> dict[str, Any]:
    """Return the filters that were asked for, as they were understood."""
    filters = {
        "kosher_category": criteria.kosher_category,
        "status": criteria.record_state,
        "state": criteria.state,
        "city": criteria.city,
        "business_types": list(criteria.business_types),
    }
    return {name: value for name, value in filters.items() if value}


urlpatterns = [
    path("api/restaurants", RestaurantsView.as_view()),
    path("api/restaurants/search", SearchView.as_view()),
    path("api/restaurants/business-types", BusinessTypesView.as_view()),
    path("api/restaurants/<int:restaurant_id>", RestaurantView.as_view()),
    path("api/restaurants/<int:restaurant_id>/hours", HoursView.as_view()),
    path("api/restaurants/<int:restaurant_id>/specials", SpecialsView.as_view()),
    path("api/admin/restaurants", AdminRestaurants.as_view()),
    path("api/admin/restaurants/<int:restaurant_id>", AdminRestaurant.as_view()),
    path("api/kosher-types", KosherTypesView.as_view()),
    path("api/statistics", StatisticsView.as_view()),
]
