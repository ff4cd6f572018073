"""People as staff see and change them."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from jewgo.core.paging import Cursor, Page, PageRequest, scope_of
from users import personal_data
from users.models import RoleEvent, User
from users.repositories import LIVE_GRANTS, UserRepository
from users.roles import Role
from users.super_admins import keeping_a_super_admin
from users.values import (
    MAX_ID,
    Giver,
    Held,
    Listing,
    Person,
    PersonChange,
    Slice,
    UnknownUser,
    UserCriteria,
    require_level,
)


class UserService:
    """Finds people, changes them, and lets them go."""

    def __init__(self, users: UserRepository = User.objects) -> None:
        self.users = users

    def page(self, asked: Slice) -> Listing:
        """Return one window of the matching users, the latest first, and their number."""
        now = timezone.now()
        found = self.users.matching(asked.criteria, now)
        rows = found.with_grants(now)[asked.window.offset : asked.window.stop]
        return Listing(tuple(map(person_of, rows)), found.count())

    def browse(self, criteria: UserCriteria, asked: PageRequest) -> Page[Person]:
        """Return one page of the matching users, the latest first; raises `InvalidCursor`."""
        scope = scope_of({"users": criteria.search, "role": criteria.role, "is_active": criteria.is_active})
        now = timezone.now()
        found = self.users.matching(criteria, now)
        total = found.count() if asked.include_total else None
        if asked.cursor is not None:
            (last,) = Cursor.read(asked.cursor, scope)
            found = found.after(int(last or 0))
        rows = map(person_of, found.with_grants(now)[: asked.limit + 1])
        return Page.cut(rows, limit=asked.limit, scope=scope, position=lambda person: [person.id], total=total)

    def get(self, user_id: int) -> Person:
        """Return one person; raises `UnknownUser`."""
        return person_of(self.find(user_id))

    def change(self, user_id: int, change: PersonChange, by: Giver) -> Person:
        """Change a person; raises `UnknownUser`, `AboveYourLevel`, `LastSuperAdmin`.

        Who is no longer active is signed in nowhere from then on.
        """
        with keeping_a_super_admin(), transaction.atomic():
            user = self.find(user_id, lock=True)
            require_level(person_of(user), by)
            was_super = user.is_superuser
            for name in ("name", "is_active", "is_superuser"):
                value = getattr(change, name)
                if value is not None:
                    setattr(user, name, value)
            user.is_staff = user.is_staff or user.is_superuser
            user.save()
            if user.is_superuser != was_super:
                RoleEvent.objects.note(
                    user, Role.SUPER_ADMIN, is_given=user.is_superuser, by=by.name, at=timezone.now()
                )
        return self.get(user_id)

    def erase(self, user_id: int, by: Giver) -> None:
        """Let a person go: everything that names them goes too, and numbers stay as they were.

        Raises `UnknownUser`, `AboveYourLevel`, `LastSuperAdmin`.
        """
        with keeping_a_super_admin(), transaction.atomic():
            user = self.find(user_id, lock=True)
            require_level(person_of(user), by)
            personal_data.erase(user_id)
            user.delete()

    def find(self, user_id: int, *, lock: bool = False, at: datetime | None = None) -> User:
        """Return the row of one person, locked until the transaction ends if asked to; raises `UnknownUser`."""
        rows = self.users.get_queryset().with_grants(at or timezone.now())
        if lock:
            rows = rows.select_for_update()
        user = rows.filter(pk=user_id).first() if user_id <= MAX_ID else None
        if user is None:
            raise UnknownUser
        return user


def person_of(user: User) -> Person:
    """Return a row, fetched `with_grants`, as a value."""
    held = [Held(Role(grant.role), grant.expires_at) for grant in getattr(user, LIVE_GRANTS)]
    if user.is_superuser:
        held.append(Held(Role.SUPER_ADMIN))
    return Person(
        id=user.pk,
        email=user.email,
        name=user.name,
        is_active=user.is_active,
        is_staff=user.is_staff,
        is_superuser=user.is_superuser,
        created_at=user.date_joined,
        updated_at=user.updated_at,
        roles=tuple(sorted(held, key=lambda one: one.role)),
    )
