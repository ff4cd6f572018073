"""Roles are given, end, and are taken back; the last super admin stays, whoever asks and however many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from jewgo.core.paging import PageRequest
from tests.users.callers import person
from users.backends import permissions_of
from users.models import RoleEvent, RoleGrant, User
from users.roles import LEVELS, Role
from users.services import RoleService, UserService
from users.values import (
    AboveYourLevel,
    Giver,
    Held,
    InvalidRole,
    LastSuperAdmin,
    PersonChange,
    RoleNotHeld,
    UnknownUser,
)

pytestmark = pytest.mark.django_db

PEOPLE, ROLES = UserService(), RoleService()
NOW = timezone.now()
ROOT = Giver("u:1", LEVELS[Role.SUPER_ADMIN])
OPERATOR = Giver("k:1", 5)


def test_a_role_that_was_given_opens_its_apps_in_the_admin() -> None:
    dana = person()

    given = ROLES.grant(dana.pk, Role.MODERATOR, ROOT)

    fresh = User.objects.get(pk=dana.pk)
    assert (given.role, given.roles, given.is_staff) == ("moderator", (Held(Role.MODERATOR),), True)
    assert fresh.has_perm("reviews.change_review")
    assert fresh.has_module_perms("reviews")
    assert not fresh.has_perm("restaurants.change_restaurant")
    assert fresh.get_all_permissions() == permissions_of(Role.MODERATOR)


def test_a_role_ends_by_itself() -> None:
    dana = person()
    ROLES.grant(dana.pk, Role.DATA_ADMIN, ROOT, expires_at=NOW + timedelta(hours=1), now=NOW)

    RoleGrant.objects.update(granted_at=NOW - timedelta(days=2), expires_at=NOW - timedelta(days=1))

    fresh = User.objects.get(pk=dana.pk)
    assert fresh.granted_roles == frozenset()
    assert not fresh.has_perm("restaurants.change_restaurant")
    assert PEOPLE.get(dana.pk).roles == ()


def test_giving_a_role_again_moves_its_end() -> None:
    dana = person()
    ROLES.grant(dana.pk, Role.DATA_ADMIN, ROOT, expires_at=NOW + timedelta(hours=1), now=NOW)

    given = ROLES.grant(dana.pk, Role.DATA_ADMIN, ROOT, now=NOW)

    assert given.roles == (Held(Role.DATA_ADMIN),)


@pytest.mark.parametrize(
    ("role", "end", "pointer"),
    [
        (Role.MODERATOR, NOW - timedelta(seconds=1), "/expires_at"),
        (Role.SUPER_ADMIN, NOW + timedelta(days=1), "/expires_at"),
        (Role.OWNER, None, "/role"),
    ],
)
def test_a_role_is_not_given_with_an_end_it_cannot_have(role: Role, end: None, pointer: str) -> None:
    with pytest.raises(InvalidRole) as refused:
        ROLES.grant(person().pk, role, ROOT, expires_at=end, now=NOW)

    assert [problem.pointer for problem in refused.value.problems] == [pointer]
    assert refused.value.problems[0].hint


def test_whoever_loses_the_last_role_may_no_longer_enter_the_admin() -> None:
    dana = person()
    ROLES.grant(dana.pk, Role.MODERATOR, ROOT)
    ROLES.grant(dana.pk, Role.DATA_ADMIN, ROOT)

    assert ROLES.revoke(dana.pk, Role.MODERATOR, ROOT).is_staff
    assert not ROLES.revoke(dana.pk, Role.DATA_ADMIN, ROOT).is_staff


def test_a_member_of_a_group_keeps_the_admin_without_a_role() -> None:
    dana = person(Role.ROLLOUT_VIEWER)
    ROLES.grant(dana.pk, Role.MODERATOR, ROOT)

    assert ROLES.revoke(dana.pk, Role.MODERATOR, ROOT).is_staff


def test_what_is_not_held_cannot_be_taken_back() -> None:
    with pytest.raises(RoleNotHeld):
        ROLES.revoke(person().pk, Role.MODERATOR, ROOT)
    with pytest.raises(UnknownUser):
        ROLES.revoke(2**70, Role.MODERATOR, ROOT)


def test_every_change_leaves_a_line_that_nobody_can_change() -> None:
    dana = person()
    ROLES.grant(dana.pk, Role.MODERATOR, ROOT)
    ROLES.revoke(dana.pk, Role.MODERATOR, ROOT)
    PEOPLE.change(dana.pk, PersonChange(is_superuser=True), ROOT)

    lines = ROLES.history(dana.pk, PageRequest()).items
    assert [(line.role, line.action, line.actor) for line in lines] == [
        ("super_admin", "granted", "u:1"),
        ("moderator", "revoked", "u:1"),
        ("moderator", "granted", "u:1"),
    ]
    with pytest.raises(IntegrityError, match="append-only"):
        RoleEvent.objects.update(actor="nobody")


def test_nobody_changes_whose_roles_stand_above_theirs() -> None:
    root = person(Role.SUPER_ADMIN)

    with pytest.raises(AboveYourLevel):
        PEOPLE.change(root.pk, PersonChange(is_active=False), OPERATOR)
    assert PEOPLE.change(root.pk, PersonChange(name="Root"), Giver("u", 0, root.pk)).name == "Root"


@pytest.mark.parametrize(
    "leave",
    [
        lambda pk: ROLES.revoke(pk, Role.SUPER_ADMIN, ROOT),
        lambda pk: PEOPLE.change(pk, PersonChange(is_superuser=False), ROOT),
        lambda pk: PEOPLE.change(pk, PersonChange(is_active=False), ROOT),
        lambda pk: PEOPLE.erase(pk, ROOT),
    ],
)
def test_the_last_super_admin_stays(leave: Callable[[int], object]) -> None:
    root = person(Role.SUPER_ADMIN)
    person(Role.SUPER_ADMIN, email="gone@example.com")
    User.objects.filter(email="gone@example.com").update(is_active=False)

    with pytest.raises(LastSuperAdmin):
        leave(root.pk)

    assert PEOPLE.get(root.pk).role == "super_admin"


@pytest.mark.parametrize("statement", ["UPDATE users_user SET is_superuser = false", "DELETE FROM users_user"])
def test_not_even_plain_sql_takes_all_super_admins_away(statement: str) -> None:
    person(Role.SUPER_ADMIN)
    person(Role.SUPER_ADMIN, email="second@example.com")

    with pytest.raises(IntegrityError, match="the last super admin stays"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_each_other_away_at_once_one_stays() -> None:
    pair = [person(Role.SUPER_ADMIN, email=f"{name}@example.com") for name in ("a", "b")]

    for _ in range(20):
        both = Barrier(2)

        def demote(pk: int, both: Barrier = both) -> bool:
            try:
                both.wait()
                ROLES.revoke(pk, Role.SUPER_ADMIN, ROOT)
            except LastSuperAdmin:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(demote, [user.pk for user in pair]))

        assert sorted(done) == [False, True]
        assert User.objects.filter(is_superuser=True, is_active=True).count() == 1
        User.objects.update(is_superuser=True)
