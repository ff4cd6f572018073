"""The agencies: who gives a hechsher, under which names, and for how many places of the guide."""

from dataclasses import asdict
from typing import Any, ClassVar, Final, TypedDict

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import PageQuery, StrictSerializer, v4_conditional, v4_response
from jewgo.core.errors import InvalidInput
from jewgo.core.paging import InvalidCursor, PageRequest
from jewgo.core.schema import operation
from restaurants.api.v4.forms import WriteQuery
from restaurants.api.v4.places import REFUSALS, CatalogueView
from restaurants.services import agencies
from restaurants.services.agencies import AgencyEntry, AgencyExists, UnknownAgency
from rollout.gate import FeatureDisabled

UNMET: Final = [*REFUSALS, AgencyExists]


class AgencyEntryShape(TypedDict):
    """An agency; `place_count` counts approved restaurants with a certificate of it, valid or expired."""

    id: int
    name: str
    short_name: str | None
    aliases: list[str]
    region: str | None
    website: str | None
    place_count: int


class AgencyBody(StrictSerializer):
    """An agency's names, and where it is."""

    name = serializers.CharField(max_length=200)
    short_name = serializers.CharField(max_length=50, required=False, allow_blank=True)
    aliases = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=50)
    region = serializers.CharField(max_length=100, required=False, allow_blank=True)
    website = serializers.URLField(max_length=500, required=False, allow_null=True)


def present_entry(entry: AgencyEntry) -> dict[str, Any]:
    """Return an agency as v4 shows it."""
    return asdict(entry) | {
        "short_name": entry.short_name or None,
        "aliases": list(entry.aliases),
        "region": entry.region or None,
    }


class AgenciesView(CatalogueView):
    """All of them."""

    v3_path: ClassVar[str | None] = None

    @operation(
        query=PageQuery,
        data=list[AgencyEntryShape],
        conditional=True,
        errors=[InvalidInput, InvalidCursor, FeatureDisabled],
    )
    def get(self, request: Request) -> Response:
        """List the agencies by name."""
        asked = PageRequest.of(self.query(PageQuery))
        page = agencies.page(asked)
        return v4_conditional(request, [present_entry(entry) for entry in page.items], meta=asked.meta(page))

    @operation(query=WriteQuery, body=AgencyBody, data=AgencyEntryShape, status=201, errors=UNMET)
    def post(self, request: Request) -> Response:
        """Add an agency; none may be called so already, in any spelling."""
        query = self.query(WriteQuery)
        entry = agencies.add(self.body(AgencyBody), dry_run=query["dry_run"])
        if query["dry_run"]:
            return v4_response(present_entry(entry) | {"id": None}, meta={"dry_run": True})
        where = reverse("v4-agency", kwargs={"agency_id": entry.id})
        return v4_response(present_entry(entry), status=201, headers={"Location": where})


class AgencyView(CatalogueView):
    """One of them."""

    v3_path: ClassVar[str | None] = None

    @operation(query=StrictSerializer, data=AgencyEntryShape, conditional=True, errors=[UnknownAgency, FeatureDisabled])
    def get(self, request: Request, agency_id: int) -> Response:
        """Show an agency."""
        self.query(StrictSerializer)
        return v4_conditional(request, present_entry(agencies.one(agency_id)))

    @operation(query=WriteQuery, body=AgencyBody, data=AgencyEntryShape, errors=[*UNMET, UnknownAgency])
    def patch(self, request: Request, agency_id: int) -> Response:
        """Change the members that are given; its restaurants are found under the new names at once."""
        query = self.query(WriteQuery)
        said = self.body(AgencyBody, partial=True)
        entry = agencies.amend(agency_id, said, dry_run=query["dry_run"])
        return v4_response(present_entry(entry), meta={"dry_run": True} if query["dry_run"] else None)
