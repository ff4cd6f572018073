"""The v3 engine: plain SQL. Nobody imports it; its operations register themselves."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from rollout.switch import control
from users import personal_data
from users.models import User
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
    require_level,
)

_MATCHING = """
    FROM users_user u
    LEFT JOIN LATERAL (
        SELECT array_agg(role ORDER BY role) AS roles, array_agg(expires_at ORDER BY role) AS ends
        FROM users_rolegrant WHERE user_id = u.id AND (expires_at IS NULL OR expires_at > %(now)s)
    ) live ON true
    WHERE strpos(upper(name), upper(%(search)s)) > 0 OR strpos(upper(email), upper(%(search)s)) > 0
"""

_PERSON = """
    SELECT u.id, email, name, is_active, is_staff, is_superuser, date_joined, updated_at, live.roles, live.ends
"""

_COUNT = f"SELECT count(*) {_MATCHING}"

_LIST = f"{_PERSON} {_MATCHING} ORDER BY u.id DESC LIMIT %(limit)s OFFSET %(offset)s"

_ONE = _PERSON + _MATCHING.partition("WHERE strpos")[0] + "WHERE u.id = %(id)s FOR UPDATE OF u"

_CHANGE = """
    UPDATE users_user
       SET name = coalesce(%(name)s, name),
           is_active = coalesce(%(is_active)s, is_active),
           is_superuser = coalesce(%(is_superuser)s, is_superuser),
           is_staff = is_staff OR coalesce(%(is_superuser)s, is_superuser),
           updated_at = %(now)s
     WHERE id = %(id)s
"""

_NOTE = """
    INSERT INTO users_roleevent (user_id, role, action, actor, at)
    VALUES (%(id)s, 'super_admin', CASE WHEN %(is_superuser)s THEN 'granted' ELSE 'revoked' END, %(actor)s, %(now)s)
"""


@control("users.list")
def list_users(asked: Slice) -> Listing:
    """Return one window of the matching users, the latest first, and their number."""
    sent = {
        "search": asked.criteria.search,
        "limit": asked.window.limit,
        "offset": asked.window.offset,
        "now": timezone.now(),
    }
    (total,) = _rows(_COUNT, sent)[0]
    return Listing(tuple(_person(*row) for row in _rows(_LIST, sent)), total)


@control("users.change")
def change(user_id: int, wanted: PersonChange, by: Giver) -> Person:
    """Change a person; raises `UnknownUser`, `AboveYourLevel`, `LastSuperAdmin`."""
    now = timezone.now()
    sent = {
        "id": user_id,
        "name": wanted.name,
        "is_active": wanted.is_active,
        "is_superuser": wanted.is_superuser,
        "now": now,
    }
    with keeping_a_super_admin(), transaction.atomic():
        before = _one(user_id, now)
        require_level(before, by)
        with connection.cursor() as cursor:
            cursor.execute(_CHANGE, sent)
            if wanted.is_superuser not in {None, before.is_superuser}:
                cursor.execute(_NOTE, {**sent, "actor": by.name})
        return _one(user_id, now)


@control("users.erase")
def erase(user_id: int, by: Giver) -> None:
    """Let a person go; raises `UnknownUser`, `AboveYourLevel`, `LastSuperAdmin`."""
    with keeping_a_super_admin(), transaction.atomic():
        require_level(_one(user_id, timezone.now()), by)
        personal_data.erase(user_id)
        User.objects.filter(pk=user_id).delete()  # the framework knows every table that speaks of a person


_SUPER: Final = Held(Role.SUPER_ADMIN)


def _one(user_id: int, now: datetime) -> Person:
    for row in _rows(_ONE, {"id": user_id, "now": now}) if user_id <= MAX_ID else ():
        return _person(*row)
    raise UnknownUser


def _person(*row: Any) -> Person:
    *plain, roles, ends = row
    held = [Held(Role(role), end) for role, end in zip(roles or (), ends or (), strict=True)]
    person = Person(*plain)
    every = [*held, *([_SUPER] if person.is_superuser else [])]
    return replace(person, roles=tuple(sorted(every, key=lambda one: one.role)))


def _rows(statement: str, sent: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, sent)
        return list(cursor.fetchall())
