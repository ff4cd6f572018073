"""The specials of a restaurant: the public sees those that are on now, keepers see and change all."""

from datetime import datetime
from typing import Any, ClassVar, Final, TypedDict

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, v4_conditional
from jewgo.core.schema import operation
from restaurants.api.v4.answers import part_answer, part_gone
from restaurants.api.v4.forms import WriteQuery
from restaurants.api.v4.parts import PartView
from restaurants.api.v4.places import CLASHES, keeps
from restaurants.repositories import UnknownRestaurant
from restaurants.services import specials
from restaurants.services.specials import InvalidSpecial, TooManySpecials, UnknownSpecial
from restaurants.values import SpecialFact
from rollout.gate import FeatureDisabled

UNMET: Final = [*CLASHES, InvalidSpecial, TooManySpecials]


class SpecialShape(TypedDict):
    """An offer; null: from the start, without an end, at a price that is not said."""

    id: int
    title: str
    description: str | None
    price: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    is_active: bool


class SpecialBody(StrictSerializer):
    """An offer. At most three of a restaurant are active at once."""

    title = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    price = serializers.CharField(max_length=60, required=False, allow_blank=True, help_text="As the place writes it.")
    starts_at = serializers.DateTimeField(required=False, allow_null=True)
    ends_at = serializers.DateTimeField(required=False, allow_null=True)
    is_active = serializers.BooleanField(required=False, help_text="Default: true.")


def present_special(fact: SpecialFact) -> dict[str, Any]:
    """Return a special as v4 shows it."""
    return {
        "id": fact.id,
        "title": fact.title,
        "description": fact.description or None,
        "price": fact.price or None,
        "starts_at": fact.starts_at,
        "ends_at": fact.ends_at,
        "is_active": fact.is_active,
    }


class SpecialsView(PartView):
    """All of them."""

    v3_path: ClassVar[str | None] = "/api/restaurants/{restaurant_id}/specials"

    @operation(
        query=StrictSerializer, data=list[SpecialShape], conditional=True, errors=[UnknownRestaurant, FeatureDisabled]
    )
    def get(self, request: Request, restaurant_id: int) -> Response:
        """List the specials that are on now; for keepers all of them."""
        self.query(StrictSerializer)
        facts = specials.kept(restaurant_id) if keeps(request) else specials.shown(restaurant_id)
        return v4_conditional(request, [present_special(fact) for fact in facts])

    @operation(query=WriteQuery, body=SpecialBody, data=SpecialShape, status=201, conditional=True, errors=UNMET)
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Add a special."""
        terms = self.terms(request)
        place, fact = specials.add(restaurant_id, self.body(SpecialBody), **terms)
        data = present_special(fact) | ({"id": None} if terms["dry_run"] else {})
        return part_answer(place, data, dry_run=terms["dry_run"], status=201)


class SpecialView(PartView):
    """One of them."""

    @operation(query=WriteQuery, body=SpecialBody, data=SpecialShape, conditional=True, errors=[*UNMET, UnknownSpecial])
    def patch(self, request: Request, restaurant_id: int, special_id: int) -> Response:
        """Change the members that are given."""
        terms = self.terms(request)
        said = self.body(SpecialBody, partial=True)
        place, fact = specials.amend(restaurant_id, special_id, said, **terms)
        return part_answer(place, present_special(fact), dry_run=terms["dry_run"])

    @operation(query=WriteQuery, conditional=True, status=204, errors=[*CLASHES, UnknownSpecial])
    def delete(self, request: Request, restaurant_id: int, special_id: int) -> Response:
        """Take a special away; the history keeps it."""
        terms = self.terms(request)
        return part_gone(specials.remove(restaurant_id, special_id, **terms), dry_run=terms["dry_run"])
