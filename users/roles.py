"""Who a caller can be, and how high the roles stand that people are given. Knows no table."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """One word each for those whom a rule can name; `authority.py` says what they may do."""

    ANONYMOUS = "anonymous"
    """Anybody at all."""
    USER = "user"
    """A person who is signed in."""
    AUTHOR = "author"
    """Who wrote the thing; the service looks at the thing itself."""
    OWNER = "owner"
    """Whom staff have entered as an owner of the place; the service looks at the place itself."""
    MODERATOR = "moderator"
    DATA_ADMIN = "data_admin"
    SYSTEM_ADMIN = "system_admin"
    SUPER_ADMIN = "super_admin"
    ROLLOUT_VIEWER = "rollout_viewer"
    ROLLOUT_OPERATOR = "rollout_operator"
    RELEASE_MANAGER = "release_manager"


LEVELS: Final[Mapping[Role, int]] = {
    Role.MODERATOR: 5,
    Role.DATA_ADMIN: 5,
    Role.SYSTEM_ADMIN: 5,
    Role.SUPER_ADMIN: 10,
}
"""The roles that a person can be given, and their levels: nobody changes what a higher level than their own has."""

TEMPORARY: Final = frozenset(LEVELS) - {Role.SUPER_ADMIN}
"""The roles that can end by themselves. A super admin's cannot: else time would take the last one away."""

SIGNED_IN: Final = frozenset({Role.USER, Role.AUTHOR, Role.OWNER})
"""What every person is, or may turn out to be once the thing is known."""

PERMISSIONS: Final[Mapping[Role, str]] = {
    Role.ROLLOUT_VIEWER: "rollout.view_flag",
    Role.ROLLOUT_OPERATOR: "rollout.rollback_flag",
    Role.RELEASE_MANAGER: "rollout.advance_flag",
}
"""The roles that are known by one of Django's permissions, which groups and the admin give as well."""

APPS: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.MODERATOR: ("reviews",),
    Role.DATA_ADMIN: ("restaurants",),
    Role.SYSTEM_ADMIN: ("users",),
}
"""The apps whose admin pages a role opens, whole."""


def level_of(roles: frozenset[Role]) -> int:
    """Return the highest level among these roles; 0 for whoever has none of those that are given."""
    return max((LEVELS.get(role, 0) for role in roles), default=0)
