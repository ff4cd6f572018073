"""The certificates of a restaurant: read by everybody, expired ones too; added, corrected and verified by keepers."""

from datetime import date
from typing import Any, ClassVar, Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, v4_conditional
from jewgo.core.errors import InvalidInput
from jewgo.core.schema import operation
from restaurants.api.v4.answers import part_answer, part_gone
from restaurants.api.v4.forms import WriteQuery
from restaurants.api.v4.parts import PartView
from restaurants.api.v4.places import CLASHES, seen
from restaurants.api.v4.shapes import AgencyShape, CertificateShape, present_agency, present_certificate
from restaurants.repositories import UnknownRestaurant
from restaurants.services import certificates
from restaurants.services.certificates import CertificateExists, InvalidCertificate, UnknownCertificate
from restaurants.sourcing import SOURCED_ON
from restaurants.values import CertificateFact
from rollout.gate import FeatureDisabled

UNMET: Final = [*CLASHES, InvalidCertificate, CertificateExists]


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}]})
class NamedAgency(serializers.Field):  # type: ignore[type-arg]
    """An agency, by its id or by any of its names."""

    def to_internal_value(self, data: Any) -> int | str:
        """Return the id or the name."""
        if isinstance(data, int) and not isinstance(data, bool) and 0 < data < 2**63:
            return data
        if isinstance(data, str) and 0 < len(data.strip()) <= 200:
            return data
        raise serializers.ValidationError("Give an agency's id or name.")

    def to_representation(self, value: Any) -> Any:
        """Return it as it is."""
        return value


class CertificateBody(StrictSerializer):
    """One agency's word, and where we have it from."""

    agency = NamedAgency(help_text="An agency's id, or any of its names.")
    number = serializers.CharField(max_length=100, required=False, allow_null=True)
    valid_from = serializers.DateField(required=False, allow_null=True)
    valid_to = serializers.DateField(required=False, allow_null=True)
    scope = serializers.CharField(max_length=300, required=False, allow_blank=True)
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]
    sourced_on = serializers.RegexField(SOURCED_ON, required=False, allow_blank=True)


class HeldShape(CertificateShape):
    """A certificate with its agency."""

    agency: AgencyShape


def held(fact: CertificateFact, on: date) -> dict[str, Any]:
    """Return a certificate with its agency, as of a day."""
    return {**present_certificate(fact, on), "agency": present_agency(fact.agency)}


class CertificatesView(PartView):
    """All of them."""

    v3_path: ClassVar[str | None] = "/api/restaurants/{restaurant_id}"

    @operation(
        query=StrictSerializer, data=list[HeldShape], conditional=True, errors=[UnknownRestaurant, FeatureDisabled]
    )
    def get(self, request: Request, restaurant_id: int) -> Response:
        """List the certificates of a restaurant, also those that expired."""
        self.query(StrictSerializer)
        today = timezone.now().date()
        facts = seen(request, restaurant_id).certificates
        return v4_conditional(request, [held(fact, today) for fact in facts])

    @operation(query=WriteQuery, body=CertificateBody, data=HeldShape, status=201, conditional=True, errors=UNMET)
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Add a certificate; it needs a source, and an agency that is known."""
        terms = self.terms(request)
        place, fact = certificates.add(restaurant_id, self.body(CertificateBody), **terms)
        data = held(fact, timezone.now().date())
        if terms["dry_run"]:
            data["id"] = None
        return part_answer(place, data, dry_run=terms["dry_run"], status=201)


class CertificateView(PartView):
    """One of them."""

    @operation(
        query=WriteQuery,
        body=CertificateBody,
        data=HeldShape,
        conditional=True,
        errors=[*UNMET, UnknownCertificate],
    )
    def patch(self, request: Request, restaurant_id: int, certificate_id: int) -> Response:
        """Change the members that are given; one that states something else is no longer verified."""
        terms = self.terms(request)
        said = self.body(CertificateBody, partial=True)
        place, fact = certificates.amend(restaurant_id, certificate_id, said, **terms)
        return part_answer(place, held(fact, timezone.now().date()), dry_run=terms["dry_run"])

    @operation(query=WriteQuery, conditional=True, status=204, errors=[*CLASHES, UnknownCertificate])
    def delete(self, request: Request, restaurant_id: int, certificate_id: int) -> Response:
        """Take a certificate away; the history keeps it."""
        terms = self.terms(request)
        return part_gone(certificates.remove(restaurant_id, certificate_id, **terms), dry_run=terms["dry_run"])


class VerifyView(PartView):
    """Somebody looked."""

    @operation(
        query=WriteQuery,
        body=StrictSerializer,
        data=HeldShape,
        conditional=True,
        errors=[*CLASHES, InvalidInput, UnknownCertificate],
    )
    def post(self, request: Request, restaurant_id: int, certificate_id: int) -> Response:
        """Note that you have seen that the certificate is as it is stored."""
        self.body(StrictSerializer)
        terms = self.terms(request)
        place, fact = certificates.verify(restaurant_id, certificate_id, **terms)
        return part_answer(place, held(fact, timezone.now().date()), dry_run=terms["dry_run"])
