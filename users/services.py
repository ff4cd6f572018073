"""The v4 engine of users: what staff ask of them."""

from jewgo.core.paging import Cursor, Page, PageRequest, scope_of
from users.models import User
from users.repositories import UserRepository
from users.values import Listing, Person, Slice, UserCriteria


class UserService:
    """Finds people. It changes nobody."""

    def __init__(self, users: UserRepository = User.objects) -> None:
        self.users = users

    def page(self, asked: Slice) -> Listing:
        """Return one window of the matching users, the latest first, and their number."""
        found = self.users.matching(asked.criteria)
        rows = found[asked.window.offset : asked.window.stop]
        return Listing(tuple(map(_person, rows)), found.count())

    def browse(self, criteria: UserCriteria, asked: PageRequest) -> Page[Person]:
        """Return one page of the matching users, the latest first; raises `InvalidCursor`."""
        scope = scope_of({"users": criteria.search})
        found = self.users.matching(criteria)
        total = found.count() if asked.include_total else None
        if asked.cursor is not None:
            (last,) = Cursor.read(asked.cursor, scope)
            found = found.after(int(last or 0))
        rows = map(_person, found[: asked.limit + 1])
        return Page.cut(rows, limit=asked.limit, scope=scope, position=lambda person: [person.id], total=total)


def _person(user: User) -> Person:
    return Person(
        id=user.pk,
        email=user.email,
        name=user.name,
        is_active=user.is_active,
        is_staff=user.is_staff,
        is_superuser=user.is_superuser,
        created_at=user.date_joined,
        updated_at=user.updated_at,
    )
