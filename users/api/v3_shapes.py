"""How v3 writes users: the documented keys, in their order."""

from typing import Any, TypedDict

from rest_framework import serializers
from rest_framework.request import Request

from jewgo.core.api.strict import read_body
from jewgo.core.envelope import timestamp
from jewgo.core.errors import InvalidInput
from users.values import MAX_ID, Listing, Person, PersonChange, UnknownUser


class UserShape(TypedDict):
    """A user, nine keys. The id is a string, as v3's account ids were."""

    id: str
    name: str | None
    email: str
    emailVerified: str | None
    image: str | None
    isSuperAdmin: bool
    createdAt: str
    updatedAt: str
    role: str


class Found(TypedDict):
    """A window of users, and how many there are in all."""

    users: list[UserShape]
    total: int


class Pagination(TypedDict):
    """v3's numbered pages."""

    page: int
    limit: int
    total: int
    pages: int


class UserPage(TypedDict):
    """What the list answers."""

    users: list[UserShape]
    pagination: Pagination


class UsersQuery(serializers.Serializer[Any]):
    """The parameters of the list as they are documented; they are read leniently, so nothing here is enforced."""

    page = serializers.IntegerField(default=1)
    limit = serializers.IntegerField(default=20, help_text="At most 100; more is lowered to it.")
    search = serializers.CharField(required=False, help_text="Part of the name or the e-mail address, in any case.")


class SuccessShape(TypedDict):
    """It is done."""

    success: bool


class PersonForm(serializers.Serializer[Any]):
    """What the admin pages send of a person; members that are not named here are ignored."""

    userId = serializers.CharField(required=False, help_text="Or as a parameter of the query.")  # noqa: N815
    name = serializers.CharField(required=False, max_length=150, allow_blank=True, allow_null=True)
    isSuperAdmin = serializers.BooleanField(required=False)  # noqa: N815 - the contract's name


class NobodyNamed(InvalidInput):
    """The request does not say whom it is about."""

    title = "userId is required"


def named(request: Request) -> int:
    """Return the id that the body or the query names; a text of digits will do. Raises `NobodyNamed`, `UnknownUser`."""
    said = request.data.get("userId") if isinstance(request.data, dict) else None
    text = str(request.query_params.get("userId", "") if said is None else said).strip()
    if not text:
        raise NobodyNamed
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))):
        raise UnknownUser
    return int(text)


def read_change(data: Any) -> PersonChange:
    """Return what a body asks for; raises `InvalidInput` with everything that is wrong with it."""
    body = read_body(PersonForm, data)
    given = "name" in body
    return PersonChange(name=(body["name"] or "") if given else None, is_superuser=body.get("isSuperAdmin"))


def present_person(person: Person) -> UserShape:
    """Return a user. Nobody has verified an address or given an image yet: both are null."""
    return {
        "id": str(person.id),
        "name": person.name or None,
        "email": person.email,
        "emailVerified": None,
        "image": None,
        "isSuperAdmin": person.is_superuser,
        "createdAt": timestamp(person.created_at),
        "updatedAt": timestamp(person.updated_at),
        "role": person.role,
    }


def present_list(listing: Listing) -> Found:
    """Return the users of a list, and how many there are in all."""
    return {"users": [present_person(person) for person in listing.people], "total": listing.total}


def pagination(page: int, limit: int, total: int) -> Pagination:
    """Return v3's numbered pages; a limit of 0 makes none."""
    return {"page": page, "limit": limit, "total": total, "pages": -(-total // limit) if limit else 0}
