"""Ways into the guide besides the list: what is near, and what holds the words that somebody typed."""

from dataclasses import asdict
from typing import ClassVar

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import v4_conditional
from jewgo.core.errors import InvalidInput, Problem
from jewgo.core.paging import InvalidCursor
from jewgo.core.schema import operation
from restaurants import services
from restaurants.api.v4.asking import question_of
from restaurants.api.v4.places import CatalogueView, listed
from restaurants.api.v4.queries import AutocompleteQuery, NearbyQuery, SearchQuery, SimilarQuery
from restaurants.api.v4.shapes import CompletionShape, FacetShape, ListedShape, SimilarShape, present_listed
from restaurants.openings import BeyondHorizon
from restaurants.repositories import UnknownRestaurant
from rollout.gate import FeatureDisabled


class NearbyView(CatalogueView):
    """The nearest places."""

    @operation(
        query=NearbyQuery,
        data=list[ListedShape],
        conditional=True,
        errors=[InvalidInput, InvalidCursor, BeyondHorizon, FeatureDisabled],
    )
    def get(self, request: Request) -> HttpResponse:
        """List the nearest restaurants first, with their distance in metres; those of unknown place are left out."""
        query = self.query(NearbyQuery)
        if not query.keys() & {"near", "lat", "lng"}:
            hint = "Say from where: lat and lng, or near=lat,lng."
            problem = Problem("required", "Nearby needs a point", parameter="near", hint=hint)
            raise InvalidInput(problems=[problem])
        return listed(request, question_of({**query, "sort": "distance"}, timezone.now()), query)


class SearchView(CatalogueView):
    """What holds the words that somebody typed."""

    v3_path: ClassVar[str | None] = "/api/restaurants/search"
    limited_as: ClassVar[str | None] = "search"

    @operation(
        query=SearchQuery,
        data=list[ListedShape],
        conditional=True,
        errors=[InvalidInput, InvalidCursor, BeyondHorizon, FeatureDisabled],
    )
    def get(self, request: Request) -> HttpResponse:
        """Search names, addresses, cities, kinds and agencies, in any spelling and script; the best first."""
        query = self.query(SearchQuery)
        return listed(request, question_of({"sort": "relevance", **query}, timezone.now()), query)


class AutocompleteView(CatalogueView):
    """What somebody who types may mean."""

    limited_as: ClassVar[str | None] = "search"

    @operation(
        query=AutocompleteQuery, data=list[CompletionShape], conditional=True, errors=[InvalidInput, FeatureDisabled]
    )
    def get(self, request: Request) -> Response:
        """Complete cities, agencies and names, each with how many restaurants it stands for."""
        query = self.query(AutocompleteQuery)
        found = services.autocomplete(query["q"], query["limit"])
        return v4_conditional(request, [asdict(completion) for completion in found])


class FilterOptionsView(CatalogueView):
    """What the list can be asked."""

    @operation(data=dict[str, list[FacetShape]], conditional=True, errors=[FeatureDisabled])
    def get(self, request: Request) -> Response:
        """List each filter's values that find something, the most frequent first, at most 50, with their counts."""
        options = services.filter_options()
        data = {name: [asdict(count) for count in counts] for name, counts in options.items()}
        return v4_conditional(request, data)


class SimilarView(CatalogueView):
    """What is like a restaurant."""

    @operation(
        query=SimilarQuery,
        data=list[SimilarShape],
        conditional=True,
        errors=[InvalidInput, UnknownRestaurant, FeatureDisabled],
    )
    def get(self, request: Request, restaurant_id: int) -> Response:
        """List the restaurants most like one, with why: what they serve, who certifies them, where they are."""
        query = self.query(SimilarQuery)
        at, only = timezone.now(), query.get("fields", ())
        found = services.similar(restaurant_id, query["limit"])
        return v4_conditional(request, [present_listed(row, at=at, measured=True, only=only) for row in found])
