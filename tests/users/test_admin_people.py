"""The admin's pages for people: roles by super admins, and nobody becomes more than they were."""

import pytest
from django.test import Client

from tests.users.callers import NO_ROLES, person
from users.models import RoleEvent, RoleGrant, User
from users.roles import Role

pytestmark = pytest.mark.django_db

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


def entering(client: Client, *roles: Role) -> User:
    """Log somebody with these roles in to the admin."""
    user = person(*roles, email="staff@example.com")
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=user.pk))
    return user


def form_of(user: User, **fields: object) -> dict[str, object]:
    """Return what the page of a person sends back, with these members changed."""
    sent = {"email": user.email, "name": user.name, "is_active": "on" if user.is_active else ""}
    sent |= {name: "on" for name in ("is_staff", "is_superuser") if getattr(user, name)}
    return {name: value for name, value in (sent | NO_ROLES | fields).items() if value != ""}


def page(user: User) -> str:
    return f"/admin/users/user/{user.pk}/change/"


def test_a_super_admin_gives_and_takes_roles_on_the_page(client: Client) -> None:
    entering(client, Role.SUPER_ADMIN)
    dana = person(email="dana@example.com")

    given = {"grants-TOTAL_FORMS": "1", "grants-0-user": dana.pk, "grants-0-role": "moderator"}
    assert client.post(page(dana), form_of(dana, **given)).status_code == 302
    grant = RoleGrant.objects.get(user=dana)
    dana.refresh_from_db()
    taken = {"grants-TOTAL_FORMS": "1", "grants-INITIAL_FORMS": "1", "grants-0-id": grant.pk,
             "grants-0-user": dana.pk, "grants-0-DELETE": "on"}  # fmt: skip
    assert client.post(page(dana), form_of(dana, **taken)).status_code == 302

    assert not RoleGrant.objects.exists()
    assert [event.action for event in RoleEvent.objects.order_by("pk")] == ["granted", "revoked"]


def test_the_last_super_admin_is_told_on_the_page_that_they_stay(client: Client) -> None:
    root = entering(client, Role.SUPER_ADMIN)
    root.refresh_from_db()

    answer = client.post(page(root), form_of(root, is_superuser=""), follow=True)

    assert "The last super admin stays" in answer.content.decode()
    assert User.objects.get(pk=root.pk).is_superuser


def test_a_system_admin_cannot_make_anybody_more_than_they_are(client: Client) -> None:
    entering(client, Role.SYSTEM_ADMIN)
    dana = person(email="dana@example.com")
    powers = dict.fromkeys(POWERS[:2], "on") | {"groups": "1", "user_permissions": "1"}
    grant = {"grants-TOTAL_FORMS": "1", "grants-0-user": dana.pk, "grants-0-role": "moderator"}

    client.post(page(dana), form_of(dana, name="Dana", **powers, **grant))

    dana = User.objects.get(pk=dana.pk)
    assert (dana.name, dana.is_staff, dana.is_superuser) == ("Dana", False, False)
    assert not dana.groups.exists()
    assert not dana.user_permissions.exists()
    assert not RoleGrant.objects.filter(user=dana).exists()


def test_a_system_admin_changes_no_staff_and_no_passwords_of_staff(client: Client) -> None:
    entering(client, Role.SYSTEM_ADMIN)
    root = person(Role.SUPER_ADMIN, email="root@example.com")

    changed = client.post(page(root), form_of(root, email="mine@example.com"))
    password = client.get(f"/admin/users/user/{root.pk}/password/")

    assert (changed.status_code, password.status_code) == (403, 403)
    assert User.objects.get(pk=root.pk).email == "root@example.com"


def test_people_are_deactivated_in_the_list_and_staff_left_alone(client: Client) -> None:
    entering(client, Role.SYSTEM_ADMIN)
    dana, root = person(email="dana@example.com"), person(Role.SUPER_ADMIN, email="root@example.com")
    post = {"action": "deactivate", "_selected_action": [dana.pk, root.pk]}

    answer = client.post("/admin/users/user/", post, follow=True)

    assert "1 changed; 1 left" in answer.content.decode()
    assert list(User.objects.filter(is_active=False)) == [dana]


def test_a_super_admin_lets_people_go_with_all_that_names_them(client: Client) -> None:
    entering(client, Role.SUPER_ADMIN)
    dana = person(Role.MODERATOR, email="dana@example.com")

    client.post(f"/admin/users/user/{dana.pk}/delete/", {"post": "yes"})

    assert not User.objects.filter(pk=dana.pk).exists()


@pytest.mark.parametrize(
    ("role", "opens"),
    [
        (Role.MODERATOR, "reviews/review"),
        (Role.DATA_ADMIN, "restaurants/restaurant"),
        (Role.SYSTEM_ADMIN, "users/user"),
    ],
)
def test_a_role_opens_its_own_pages_and_no_others(role: Role, opens: str, client: Client) -> None:
    entering(client, role)
    pages = ("reviews/review", "restaurants/restaurant", "users/user", "rollout/flag")

    answers = {page: client.get(f"/admin/{page}/").status_code for page in pages}

    assert answers == {page: 200 if page == opens else 403 for page in pages}
