"""The admin's pages for people and keys."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.users.callers import NO_ROLES
from tests.users.credentials import key_with
from users.keys import mint
from users.models import ServiceKey, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com"))
    return client


def test_a_person_logs_in_with_the_address_in_any_case(client: Client) -> None:
    User.objects.create_superuser("root@example.com", "a-long-password")

    sent = {"login": "Root@Example.com", "password": "a-long-password"}
    answer = client.post("/accounts/login/?next=/admin/", sent)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_a_person_is_added_by_address_alone_and_edited(staff: Client) -> None:
    added = staff.post(
        "/admin/users/user/add/", {"email": "Dana@example.com", "name": "Dana", "usable_password": "false"}
    )
    person = User.objects.get(email="dana@example.com")
    page = f"/admin/users/user/{person.pk}/change/"
    changed = staff.post(page, {"email": "dana@example.com", "name": "Dana Levi", "is_active": "on"} | NO_ROLES)

    assert (added.status_code, changed.status_code) == (302, 302)
    person.refresh_from_db()
    assert person.name == "Dana Levi"


def test_the_other_spelling_of_a_taken_address_is_refused_on_the_form(staff: Client) -> None:
    User.objects.create_user("dana@example.com")

    answer = staff.post("/admin/users/user/add/", {"email": "DANA@example.com", "usable_password": "false"})

    assert answer.status_code == 200
    assert "already exists" in answer.content.decode()


@pytest.mark.parametrize("page", ["/admin/users/user/", "/admin/users/servicekey/"])
def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(
    page: str, staff: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    User.objects.bulk_create(User(email=f"{number}@example.com") for number in range(50))
    for _ in range(50):
        key_with("ops")

    with django_assert_max_num_queries(6):
        answer = staff.get(page)

    assert answer.status_code == 200


def test_a_new_key_is_shown_once_and_its_token_works(staff: Client) -> None:
    answer = staff.post("/admin/users/servicekey/add/", {"label": "importer", "scopes": ["catalog:write", "ops"]})

    found = re.search(r"jwg_\w{8}_\w{38}", answer.content.decode())
    assert found is not None
    key = ServiceKey.objects.authenticate(found[0], now=timezone.now())
    assert (key.label, key.scopes) == ("importer", ["catalog:write", "ops"])
    assert "no-store" in answer.headers["Cache-Control"]
    later = staff.get(f"/admin/users/servicekey/{key.pk}/change/").content.decode()
    assert found[0] not in later
    assert key.digest not in later


def test_a_token_rests_in_no_cookie_and_in_no_message(staff: Client) -> None:
    answer = staff.post("/admin/users/servicekey/add/", {"label": "importer", "scopes": ["ops"]})

    assert "jwg_" not in str(answer.cookies)
    assert "jwg_" not in str(dict(staff.session))


@pytest.mark.parametrize(
    "form",
    [
        {"label": "importer"},
        {"label": "importer", "scopes": ["root"]},
        {"label": "", "scopes": ["ops"]},
        {"label": "importer", "scopes": ["ops"], "expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"},
    ],
)
def test_a_form_that_makes_no_sense_issues_no_key(form: dict[str, object], staff: Client) -> None:
    answer = staff.post("/admin/users/servicekey/add/", form)

    assert answer.status_code == 200
    assert not ServiceKey.objects.exists()


def test_a_key_that_exists_can_be_neither_widened_nor_deleted(staff: Client) -> None:
    key = key_with("catalog:read")

    staff.post(f"/admin/users/servicekey/{key.pk}/change/", {"label": "other", "scopes": ["ops"], "digest": "0" * 64})
    deleted = staff.post(f"/admin/users/servicekey/{key.pk}/delete/", {"post": "yes"})

    stored = ServiceKey.objects.get()
    assert (stored.label, stored.scopes, stored.digest) == ("a test", ["catalog:read"], key.token.digest)
    assert deleted.status_code == 403


def test_the_action_revokes_the_selected_keys_at_once(staff: Client) -> None:
    chosen, other = key_with("ops"), key_with("ops")

    staff.post("/admin/users/servicekey/", {"action": "revoke", "_selected_action": [chosen.pk]})

    assert not ServiceKey.objects.get(pk=chosen.pk).is_usable(timezone.now())
    assert ServiceKey.objects.get(pk=other.pk).is_usable(timezone.now())


def test_an_unknown_token_is_no_key_although_its_form_is_right() -> None:
    assert not ServiceKey.objects.filter(digest=mint().digest).exists()
