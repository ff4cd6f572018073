"""Ways into the guide besides the list: what is near, and what holds the words that somebody typed."""

from typing import ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.errors import InvalidInput, Problem
from jewgo.core.paging import InvalidCursor
from jewgo.core.schema import operation
from restaurants.api.v4.asking import question_of
from restaurants.api.v4.places import CatalogueView, listed
from restaurants.api.v4.queries import NearbyQuery, SearchQuery
from restaurants.api.v4.shapes import ListedShape
from restaurants.openings import BeyondHorizon
from rollout.gate import FeatureDisabled


class NearbyView(CatalogueView):
    """The nearest places."""

    @operation(
        query=NearbyQuery,
        data=list[ListedShape],
        conditional=True,
        errors=[InvalidInput, InvalidCursor, BeyondHorizon, FeatureDisabled],
    )
    def get(self, request: Request) -> Response:
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

    @operation(
        query=SearchQuery,
        data=list[ListedShape],
        conditional=True,
        errors=[InvalidInput, InvalidCursor, BeyondHorizon, FeatureDisabled],
    )
    def get(self, request: Request) -> Response:
        """Search names, addresses, cities, kinds and agencies, in any spelling and script; the best first."""
        query = self.query(SearchQuery)
        return listed(request, question_of({"sort": "relevance", **query}, timezone.now()), query)
