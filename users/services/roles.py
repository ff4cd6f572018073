"""Roles given and taken back; each time a line that stays."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from jewgo.core.paging import Cursor, Page, PageRequest
from users.models import RoleEvent, RoleGrant, User
from users.roles import LEVELS, Role
from users.services.people import UserService
from users.super_admins import keeping_a_super_admin
from users.values import Giver, InvalidRole, Person, RoleHistory, RoleNotHeld


class RoleService:
    """Gives roles and takes them back."""

    def __init__(self, people: UserService | None = None) -> None:
        self.people = people or UserService()

    def grant(
        self, user_id: int, role: Role, by: Giver, *, expires_at: datetime | None = None, now: datetime | None = None
    ) -> Person:
        """Give a person a role, or give one they have another end; they may enter the admin from then on.

        Raises `UnknownUser`, `InvalidRole` when the end has passed, or a super admin's has one.
        """
        at = now or timezone.now()
        _require_end(role, expires_at, at)
        with transaction.atomic():
            user = self.people.find(user_id, lock=True)
            if role is Role.SUPER_ADMIN:
                user.is_superuser = True
            else:
                given = {"granted_by_id": by.id, "granted_at": at, "expires_at": expires_at}
                RoleGrant.objects.update_or_create(user=user, role=role, defaults=given)
            user.is_staff = True
            user.save()
            RoleEvent.objects.note(user, role, is_given=True, by=by.name, at=at, expires_at=expires_at)
        return self.people.get(user_id)

    def revoke(self, user_id: int, role: Role, by: Giver, *, now: datetime | None = None) -> Person:
        """Take a role back; whoever has no other reason to enter the admin no longer may.

        Raises `UnknownUser`, `RoleNotHeld`, `LastSuperAdmin`.
        """
        at = now or timezone.now()
        with keeping_a_super_admin(), transaction.atomic():
            user = self.people.find(user_id, lock=True)
            if not _take(user, role):
                raise RoleNotHeld(f"The person is no {role}.")
            user.is_staff = _has_reason_to_enter(user, at)
            user.save()
            RoleEvent.objects.note(user, role, is_given=False, by=by.name, at=at)
        return self.people.get(user_id)

    def history(self, user_id: int, asked: PageRequest) -> Page[RoleHistory]:
        """Return what became of a person's roles, the latest first; raises `UnknownUser`, `InvalidCursor`."""
        self.people.find(user_id)
        scope = f"users.roles:{user_id}"
        found = RoleEvent.objects.filter(user_id=user_id).order_by("-pk")
        if asked.cursor is not None:
            (last,) = Cursor.read(asked.cursor, scope)
            found = found.filter(pk__lt=int(last or 0))
        rows = (
            RoleHistory(row.pk, row.at, row.role, row.action, row.actor, row.expires_at)
            for row in found[: asked.limit + 1]
        )
        return Page.cut(rows, limit=asked.limit, scope=scope, position=lambda row: [row.id])


def _require_end(role: Role, expires_at: datetime | None, at: datetime) -> None:
    if role not in LEVELS:
        raise InvalidRole("/role", f"{role} is not given to people.", f"Give one of {', '.join(sorted(LEVELS))}.")
    if expires_at is None:
        return
    if role is Role.SUPER_ADMIN:
        raise InvalidRole("/expires_at", "A super admin's role does not end by itself.", "Leave expires_at out.")
    if expires_at <= at:
        raise InvalidRole("/expires_at", "The role would have ended already.", "Give a time to come.")


def _take(user: User, role: Role) -> bool:
    if role is Role.SUPER_ADMIN:
        had, user.is_superuser = user.is_superuser, False
        return had
    return bool(RoleGrant.objects.filter(user=user, role=role).delete()[0])


def _has_reason_to_enter(user: User, at: datetime) -> bool:
    return (
        user.is_superuser
        or RoleGrant.objects.live(at).filter(user=user).exists()
        or user.groups.exists()
        or user.user_permissions.exists()
    )
