"""What both engines speak: immutable values, whole and free of any query, that a contract turns into its own shape."""

from dataclasses import dataclass
from datetime import datetime

from jewgo.core.paging import Window


@dataclass(frozen=True, slots=True)
class UserCriteria:
    """Which users are asked for: `search` is a part of the name or the address, in any case; empty means all."""

    search: str = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """A window of the users that match, the latest first."""

    criteria: UserCriteria
    window: Window


@dataclass(frozen=True, slots=True)
class Person:
    """One user as staff see them."""

    id: int
    email: str
    name: str
    is_active: bool
    is_staff: bool
    is_superuser: bool
    created_at: datetime
    updated_at: datetime

    @property
    def role(self) -> str:
        """The most that the person is: `super_admin`, `staff` (may enter the admin) or `user`."""
        if self.is_superuser:
            return "super_admin"
        return "staff" if self.is_staff else "user"


@dataclass(frozen=True, slots=True)
class Listing:
    """A window of a list, and how many there are in all."""

    people: tuple[Person, ...]
    total: int
