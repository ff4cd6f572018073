"""How v4 writes people, and what it reads of them."""

from datetime import datetime
from typing import Any, TypedDict

from rest_framework import serializers

from jewgo.core.api import PageQuery, StrictSerializer
from users.roles import LEVELS, Role
from users.values import Person, RoleHistory

GIVEN = [role.value for role in sorted(LEVELS)]


class UsersQuery(PageQuery):
    """The parameters of the list of users."""

    search = serializers.CharField(
        required=False, max_length=100, help_text="Part of the name or the e-mail address, in any case."
    )
    role = serializers.ChoiceField(choices=GIVEN, required=False, help_text="Only people who have this role now.")
    is_active = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="Only such people.")


class PersonBody(StrictSerializer):
    """What staff change of a person."""

    name = serializers.CharField(max_length=150, allow_blank=True, required=False)
    is_active = serializers.BooleanField(required=False, help_text="false: signed in nowhere from now on.")


class OwnBody(StrictSerializer):
    """What a person changes of themselves."""

    name = serializers.CharField(max_length=150, allow_blank=True)


class LeavingBody(StrictSerializer):
    """What a person sends to leave: the password, since a session alone may have been left open somewhere."""

    password = serializers.CharField(max_length=200, trim_whitespace=False)


class RoleBody(StrictSerializer):
    """A role to give."""

    role = serializers.ChoiceField(choices=GIVEN)
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="Without it the role does not end by itself."
    )


class RoleShape(TypedDict):
    """A role that a person has now."""

    role: str
    level: int
    expires_at: datetime | None


class UserShape(TypedDict):
    """A user as v4 shows them to whoever operates the service, and to themselves."""

    id: int
    email: str
    name: str | None
    role: str
    roles: list[RoleShape]
    is_active: bool
    created_at: datetime
    updated_at: datetime


class RoleHistoryShape(TypedDict):
    """That a role was given or taken back."""

    id: int
    at: datetime
    role: str
    action: str
    actor: str
    expires_at: datetime | None


def present_person(person: Person) -> UserShape:
    """Return a user in v4's shape."""
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name or None,
        "role": person.role,
        "roles": [
            {"role": held.role.value, "level": LEVELS[Role(held.role)], "expires_at": held.expires_at}
            for held in person.roles
        ],
        "is_active": person.is_active,
        "created_at": person.created_at,
        "updated_at": person.updated_at,
    }


def present_history(entry: RoleHistory) -> RoleHistoryShape:
    """Return one line of the history of a person's roles."""
    return {
        "id": entry.id,
        "at": entry.at,
        "role": entry.role,
        "action": entry.action,
        "actor": entry.actor,
        "expires_at": entry.expires_at,
    }


Given = dict[str, Any]
