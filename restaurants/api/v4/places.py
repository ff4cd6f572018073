"""The list of restaurants, and one restaurant."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial
from typing import Any, ClassVar, Final

import orjson
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import Answer, V4View, require_match, v4_conditional, v4_kept, v4_response
from jewgo.core.errors import Forbidden, InvalidInput, PreconditionFailed, PreconditionRequired, Unauthenticated
from jewgo.core.paging import InvalidCursor, PageRequest
from jewgo.core.schema import operation
from restaurants import services
from restaurants.api.v4.answers import answer_change, shown, stored
from restaurants.api.v4.asking import question_of
from restaurants.api.v4.forms import NewQuery, NewRestaurantBody, RestaurantBody, WriteQuery, changes_of, draft_of
from restaurants.api.v4.queries import FieldsQuery, ListQuery
from restaurants.api.v4.shapes import ListedShape, RestaurantShape, lasts_s, present, present_listed
from restaurants.counting import tally
from restaurants.duplicates import ProbableDuplicate
from restaurants.filters import Question
from restaurants.openings import BeyondHorizon
from restaurants.repositories import UnknownRestaurant
from restaurants.rules import InvalidRestaurant
from restaurants.values import Draft, Place
from rollout.gate import FeatureDisabled, Gate
from rollout.identity import identify
from users.api.permissions import Authority, meets
from users.authority import EVERY_PLACE

OWN_DOORS: Final = frozenset({"agency", "images", "hours_raw"})
"""What a change of the restaurant itself leaves alone."""

REFUSALS: Final = (InvalidInput, InvalidRestaurant, Unauthenticated, Forbidden, FeatureDisabled)
CLASHES: Final = (*REFUSALS, UnknownRestaurant, PreconditionFailed, PreconditionRequired)


class CatalogueView(V4View):
    """A view of the guide, behind the gate."""

    permission_classes: Sequence[Any] = [Gate("api_v4_restaurants"), Authority]


def keeps(request: HttpRequest | Request) -> bool:
    """Say whether the caller sees what is not published."""
    return meets(request, EVERY_PLACE)


def seen(request: Request, restaurant_id: int) -> Place:
    """Return the restaurant that this caller may see; raises `UnknownRestaurant`."""
    return services.record(restaurant_id) if keeps(request) else services.detail(restaurant_id)


def listed(request: Request, question: Question, query: Mapping[str, Any]) -> HttpResponse:
    """Answer a question with a page; `query` says which one, and which members it shows."""
    asked = PageRequest.of(query)
    only = query.get("fields", ())

    def show() -> Answer:
        page, facets = services.page(question, asked)
        at, measured = timezone.now(), question.filter.point is not None
        data = [present_listed(row, at=at, measured=measured, only=only) for row in page.items]
        counted = {"facets": {name: [asdict(count) for count in counts] for name, counts in facets.items()}}
        meta = {**asked.meta(page), "sort": question.sort, **(counted if facets else {})}
        return Answer(data, meta, lasts_s=lambda: lasts_s((row.place for row in page.items), at))

    return v4_kept(
        request, show, within=services.kept(), key=lambda: orjson.dumps(["list", question, asked, only]).decode()
    )


class RestaurantsView(CatalogueView):
    """The list, and new entries."""

    v3_path: ClassVar[str | None] = "/api/restaurants"

    def limit_class(self, request: Request) -> str | None:
        """Count a list with words to find as a search."""
        is_search = request.method in SAFE_METHODS and "q" in request.query_params
        return "search" if is_search else super().limit_class(request)

    @operation(
        query=ListQuery,
        data=list[ListedShape],
        conditional=True,
        errors=[InvalidInput, InvalidCursor, BeyondHorizon, FeatureDisabled],
    )
    def get(self, request: Request) -> HttpResponse:
        """List approved restaurants, filtered, sorted, by pages."""
        query = self.query(ListQuery)
        return listed(request, question_of(query, timezone.now()), query)

    @operation(
        query=NewQuery,
        body=NewRestaurantBody,
        data=RestaurantShape,
        status=201,
        errors=[*REFUSALS, ProbableDuplicate],
    )
    def post(self, request: Request) -> Response:
        """Propose a restaurant; it awaits approval. With `dry_run` nothing is stored."""
        query = self.query(NewQuery)
        draft = draft_of(self.body(NewRestaurantBody))
        place = services.create(draft, str(identify(request)), force=query["force"], dry_run=query["dry_run"])
        if query["dry_run"]:
            return v4_response(shown(place) | {"id": None}, meta={"dry_run": True})
        where = reverse("v4-restaurant", kwargs={"restaurant_id": place.id})
        return stored(place, status=201, headers={"Location": where})


class RestaurantView(CatalogueView):
    """One restaurant."""

    v3_path: ClassVar[str | None] = "/api/restaurants/{restaurant_id}"

    @operation(
        query=FieldsQuery,
        data=RestaurantShape,
        conditional=True,
        errors=[InvalidInput, UnknownRestaurant, FeatureDisabled],
    )
    def get(self, request: Request, restaurant_id: int) -> Response:
        """Show a restaurant; what is not approved only to those who keep the catalogue."""
        query = self.query(FieldsQuery)
        place = seen(request, restaurant_id)
        tally.note("views", place.id)
        data = present(place, at=timezone.now(), only=query.get("fields", ()))
        return v4_conditional(request, data, version=place.version)

    @operation(query=WriteQuery, body=RestaurantBody, data=RestaurantShape, conditional=True, errors=CLASHES)
    def put(self, request: Request, restaurant_id: int) -> Response:
        """Replace what the restaurant says of itself; what is left out becomes unknown."""
        proposed = draft_of(self.body(RestaurantBody))
        whole = {field.name: getattr(proposed, field.name) for field in fields(Draft) if field.name not in OWN_DOORS}
        return self._change(request, restaurant_id, whole)

    @operation(query=WriteQuery, body=RestaurantBody, data=RestaurantShape, conditional=True, errors=CLASHES)
    def patch(self, request: Request, restaurant_id: int) -> Response:
        """Change the members that are given."""
        return self._change(request, restaurant_id, changes_of(self.body(RestaurantBody, partial=True)))

    @operation(query=WriteQuery, conditional=True, status=204, errors=CLASHES)
    def delete(self, request: Request, restaurant_id: int) -> Response:
        """Take the restaurant away; it can be brought back."""
        query = self.query(WriteQuery)
        services.delete(
            restaurant_id,
            str(identify(request)),
            expect=partial(require_match, request._request),
            dry_run=query["dry_run"],
        )
        return v4_response(None, meta={"dry_run": True}) if query["dry_run"] else Response(status=204)

    def _change(self, request: Request, restaurant_id: int, changes: dict[str, Any]) -> Response:
        query = self.query(WriteQuery)
        place = services.update(
            restaurant_id,
            changes,
            str(identify(request)),
            expect=partial(require_match, request._request),
            dry_run=query["dry_run"],
        )
        return answer_change(place, dry_run=query["dry_run"])
