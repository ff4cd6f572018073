"""The v4 contract of users."""

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from rollout.testing import at_stage
from tests.users import world
from tests.users.credentials import bearer, key_with, sent_with
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_gate_is_open() -> Iterator[None]:
    """Open the v4 contract to everybody."""
    with at_stage("api_v4_users", "full"):
        yield


def test_a_list_holds_people_the_latest_first(client: Client) -> None:
    world.build()

    answer = client.get("/api/v4/users", headers=sent_with("ops"))

    assert [person["id"] for person in answer.json()["data"]] == [3, 2, 1]
    assert answer.json()["data"][1] == {
        "id": 2,
        "email": "miriam@example.com",
        "name": "מרים כהן",
        "role": "staff",
        "roles": [],
        "is_active": True,
        "created_at": "2025-08-01T12:00:00+00:00",
        "updated_at": "2025-08-02T09:30:15.250000+00:00",
    }


def test_search_and_cursor_work_together(client: Client) -> None:
    world.build()
    header = sent_with("ops")

    first = client.get("/api/v4/users?search=EXAMPLE&limit=2", headers=header).json()
    second = client.get(
        f"/api/v4/users?search=EXAMPLE&limit=2&cursor={first['meta']['next_cursor']}", headers=header
    ).json()

    assert [person["id"] for person in first["data"] + second["data"]] == [3, 2, 1]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "unauthenticated"),
        ({"Authorization": "Bearer jwg_nonsense"}, 401, "invalid_service_key"),
        ({"Authorization": "Basic cm9vdDpyb290"}, 401, "unauthenticated"),
    ],
)
def test_who_is_not_known_is_told_how_to_say_who_they_are(
    headers: dict[str, str], status: int, code: str, client: Client
) -> None:
    answer = client.get("/api/v4/users", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="jewgo"')


def test_a_key_without_the_scope_is_refused(client: Client) -> None:
    answer = client.get("/api/v4/users", headers=sent_with("catalog:write", "rollout:read"))

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_the_session_of_a_superuser_does_not_count_here(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com"))

    assert client.get("/api/v4/users").status_code == 401


def test_an_unknown_parameter_is_answered_with_the_nearest_name(client: Client) -> None:
    answer = client.get("/api/v4/users?serach=dana", headers=sent_with("ops"))

    assert answer.status_code == 400
    assert "'search'" in answer.json()["errors"][0]["detail"]


def test_a_closed_gate_says_nothing_about_keys(client: Client) -> None:
    with at_stage("api_v4_users", "disabled"):
        answer = client.get("/api/v4/users")

    assert (answer.status_code, answer.json()["code"]) == (404, "feature_disabled")
    assert answer.headers["Link"] == '</api/admin/users>; rel="alternate"'


def test_a_list_takes_two_queries_and_one_for_the_key(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    world.build()
    header = bearer(key_with("ops").token.text)
    client.get("/api/v4/users", headers=header)

    with django_assert_num_queries(3):
        client.get("/api/v4/users?limit=100", headers=header)
