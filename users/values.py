"""What both engines speak: immutable values, whole and free of any query, that a contract turns into its own shape."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jewgo.core.errors import Conflict, Forbidden, InvalidInput, NotFound, Problem
from jewgo.core.paging import Window
from users.roles import LEVELS, Role, level_of

MAX_ID: Final = 2**63 - 1
"""The largest id that the database can hold; whatever is larger names nobody."""


class UnknownUser(NotFound):
    """Nobody has this id."""

    code, title = "unknown_user", "There is no such user"


class LastSuperAdmin(Conflict):
    """The change would leave nobody who may do everything."""

    code, title = "last_super_admin", "The last super admin stays"

    def __init__(self) -> None:
        super().__init__(hint="Make somebody else a super admin first.")


class AboveYourLevel(Forbidden):
    """A person is changed by nobody whose roles stand lower."""

    code, title = "above_your_level", "This person's roles stand above yours"


class RoleNotHeld(NotFound):
    """The person does not have the role."""

    code, title = "role_not_held", "The person does not have this role"


class InvalidRole(InvalidInput):
    """The role cannot be given like this."""

    code, title = "invalid_role", "The role cannot be given like this"

    def __init__(self, pointer: str, detail: str, hint: str) -> None:
        super().__init__(problems=[Problem(self.code, detail, pointer=pointer, hint=hint)])


@dataclass(frozen=True, slots=True)
class UserCriteria:
    """Which users are asked for: `search` is a part of the name or the address, in any case; empty means all."""

    search: str = ""
    role: Role | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """A window of the users that match, the latest first."""

    criteria: UserCriteria
    window: Window


@dataclass(frozen=True, slots=True)
class Giver:
    """Who changes a person: the name in the ledgers, the highest level they have, and the id of one who is a person."""

    name: str
    level: int
    id: int | None = None

    @classmethod
    def person(cls, user: Any) -> "Giver":
        """Return a signed-in person as one who gives."""
        return cls(f"u:{user.pk}", level_of(user.granted_roles), user.pk)


@dataclass(frozen=True, slots=True)
class Held:
    """A role that a person has now; without an end, `expires_at` is None."""

    role: Role
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One user as staff see them; `roles` are those that have not ended, in alphabetical order."""

    id: int
    email: str
    name: str
    is_active: bool
    is_staff: bool
    is_superuser: bool
    created_at: datetime
    updated_at: datetime
    roles: tuple[Held, ...] = ()

    @property
    def level(self) -> int:
        """The highest level of the person's roles."""
        return level_of(frozenset(held.role for held in self.roles))

    @property
    def role(self) -> str:
        """The most that the person is: a role of the highest level, else `staff` (may enter the admin) or `user`."""
        if self.roles:
            return max(self.roles, key=lambda held: LEVELS[held.role]).role.value
        return "staff" if self.is_staff else "user"


@dataclass(frozen=True, slots=True)
class Listing:
    """A window of a list, and how many there are in all."""

    people: tuple[Person, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is to become of a person; None leaves a thing as it is."""

    name: str | None = None
    is_active: bool | None = None
    is_superuser: bool | None = None


@dataclass(frozen=True, slots=True)
class RoleHistory:
    """That a role was given or taken back, and by whom."""

    id: int
    at: datetime
    role: str
    action: str
    actor: str
    expires_at: datetime | None


def require_level(person: Person, by: Giver) -> None:
    """Raise `AboveYourLevel` when the person's roles stand above the giver's; everybody may change themselves."""
    if person.id != by.id and person.level > by.level:
        raise AboveYourLevel(hint="A super admin can do this.")
