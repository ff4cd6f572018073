"""Everybody whom the authorisation table tells apart, as requests: nobody, people of each role, keys of each scope."""

from collections.abc import Mapping
from typing import Final

from django.contrib.auth.models import Group

from tests.silence import plant
from tests.users.credentials import sent_with, signed_in
from users.authority import Rule
from users.keys import Scope
from users.models import RoleGrant, User
from users.roles import LEVELS, SIGNED_IN, Role

GROUPS: Final[Mapping[Role, str]] = {
    Role.ROLLOUT_VIEWER: "Rollout viewers",
    Role.ROLLOUT_OPERATOR: "Rollout operators",
    Role.RELEASE_MANAGER: "Release managers",
}
ALSO: Final[Mapping[Role, frozenset[Role]]] = {
    Role.ROLLOUT_OPERATOR: frozenset({Role.ROLLOUT_VIEWER}),
    Role.RELEASE_MANAGER: frozenset({Role.ROLLOUT_VIEWER, Role.ROLLOUT_OPERATOR}),
}
"""What a group brings along beside its own."""


def person(*roles: Role, email: str = "somebody@example.com") -> User:
    """Store and return a person who has these roles."""
    user = User.objects.create_user(email, plant("a long enough password"), is_superuser=Role.SUPER_ADMIN in roles)
    for role in roles:
        if role in GROUPS:
            user.groups.add(Group.objects.get(name=GROUPS[role]))
        elif role in LEVELS and role != Role.SUPER_ADMIN:
            RoleGrant.objects.create(user=user, role=role)
    return user


def of(caller: Role | Scope) -> dict[str, str]:
    """Return the headers of a request by this caller."""
    if isinstance(caller, Scope):
        return sent_with(caller)
    return {} if caller is Role.ANONYMOUS else signed_in(person(caller))


def may(caller: Role | Scope, rule: Rule) -> bool:
    """Say whether the rule lets this caller in, worked out from its words alone."""
    if Role.ANONYMOUS in rule.roles:
        return True
    if isinstance(caller, Scope):
        return caller in rule.scopes
    if caller is Role.ANONYMOUS:
        return False
    has = {caller, *SIGNED_IN, *ALSO.get(caller, ())}
    return caller is Role.SUPER_ADMIN or bool(has & rule.roles)


NO_ROLES: Final = {
    f"{prefix}-{count}_FORMS": "0" for prefix in ("grants", "role_events") for count in ("TOTAL", "INITIAL")
}
"""What the admin's page of a person sends of roles when none is given or taken back."""

EVERYBODY: Final[tuple[Role | Scope, ...]] = (*(role for role in Role if role not in SIGNED_IN - {Role.USER}), *Scope)
