"""What a person does about themselves, and staff about people, over the v4 contract."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rollout.testing import at_stage
from tests.users.callers import of, person
from tests.users.credentials import signed_in
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db


def test_who_you_are_is_answered_whatever_the_gate_says(client: Client) -> None:
    dana = person(Role.MODERATOR)

    with at_stage("api_v4_users", "disabled"):
        answer = client.get("/api/v4/users/me", headers=signed_in(dana)).json()["data"]

    assert (answer["id"], answer["role"]) == (dana.pk, "moderator")
    assert answer["roles"] == [{"role": "moderator", "level": 5, "expires_at": None}]


def test_a_name_is_changed_and_nothing_else(client: Client) -> None:
    dana = person()
    headers = signed_in(dana)
    fields = {"id": 1, "email": "x@example.com", "is_staff": True, "is_superuser": True, "is_active": False,
              "role": "super_admin", "roles": ["super_admin"], "password": "x", "groups": [1]}  # fmt: skip

    for name, value in fields.items():
        body = {"name": "Dana", name: value}
        assert client.patch("/api/v4/users/me", body, "application/json", headers=headers).status_code == 400
    changed = client.patch("/api/v4/users/me", {"name": "Dana"}, "application/json", headers=headers)

    after = User.objects.get(pk=dana.pk)
    assert changed.json()["data"]["name"] == after.name == "Dana"
    assert (after.email, after.is_staff, after.is_superuser, after.is_active) == (dana.email, False, False, True)


def test_leaving_takes_the_password(client: Client) -> None:
    dana = person()
    headers = signed_in(dana)

    wrong = client.delete("/api/v4/users/me", {"password": "a guess"}, "application/json", headers=headers)
    right = client.delete(
        "/api/v4/users/me", {"password": "a long enough password"}, "application/json", headers=headers
    )

    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
    assert right.status_code == 204
    assert client.get("/api/v4/users/me", headers=headers).json()["code"] == "invalid_session"


def test_an_export_is_a_file_of_ones_own(client: Client) -> None:
    answer = client.get("/api/v4/users/me/export", headers=of(Role.USER))

    assert answer.headers["Content-Disposition"] == 'attachment; filename="jewgo.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["data"]["account"]["user"]["email"] == "somebody@example.com"


@pytest.fixture
def root(client: Client) -> Client:
    """Return a client of a super admin."""
    client.defaults["HTTP_X_SESSION_TOKEN"] = signed_in(person(Role.SUPER_ADMIN, email="root@example.com"))[
        "X-Session-Token"
    ]
    return client


@pytest.fixture
def _open_gate() -> object:
    with at_stage("api_v4_users", "full"):
        yield


@pytest.mark.usefixtures("_open_gate")
class TestStaff:
    """A super admin and people."""

    def test_a_role_is_given_seen_and_taken_back(self, root: Client) -> None:
        dana = person()
        url = f"/api/v4/users/{dana.pk}/roles"
        end = (timezone.now() + timedelta(days=30)).isoformat()

        given = root.post(url, {"role": "moderator", "expires_at": end}, "application/json").json()["data"]
        found = root.get("/api/v4/users?role=moderator&include_total=true").json()
        taken = root.delete(f"{url}/moderator").json()["data"]
        told = root.get(url).json()["data"]

        assert (given["role"], given["roles"][0]["level"]) == ("moderator", 5)
        assert ([row["id"] for row in found["data"]], found["meta"]["total"]) == ([dana.pk], 1)
        assert taken["roles"] == []
        assert [line["action"] for line in told] == ["revoked", "granted"]

    def test_whoever_is_deactivated_is_signed_in_nowhere_at_once(self, root: Client) -> None:
        dana = person()
        session = signed_in(dana)

        root.patch(f"/api/v4/users/{dana.pk}", {"is_active": False}, "application/json")

        assert Client().get("/api/v4/users/me", headers=session).status_code == 401
        assert [row["id"] for row in root.get("/api/v4/users?is_active=false").json()["data"]] == [dana.pk]

    @pytest.mark.parametrize(
        ("method", "path", "body", "status", "code"),
        [
            ("post", "/roles", {"role": "king"}, 400, "invalid_input"),
            ("post", "/roles", {"role": "super_admin", "expires_at": "2100-01-01T00:00:00Z"}, 400, "invalid_role"),
            ("delete", "/roles/moderator", None, 404, "role_not_held"),
            ("delete", "/roles/king", None, 404, "role_not_held"),
            ("patch", "", {"email": "x@example.com"}, 400, "invalid_input"),
        ],
    )
    def test_what_cannot_be_is_refused_with_a_code(
        self, root: Client, method: str, path: str, body: object, status: int, code: str
    ) -> None:
        url = f"/api/v4/users/{person().pk}{path}"

        answer = getattr(root, method)(url, body, "application/json")

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    def test_the_last_super_admin_is_told_that_they_stay(self, root: Client) -> None:
        own = User.objects.get(is_superuser=True)

        answer = root.delete(f"/api/v4/users/{own.pk}/roles/super_admin")

        assert (answer.status_code, answer.json()["code"]) == (409, "last_super_admin")
        assert answer.json()["hint"] == "Make somebody else a super admin first."

    def test_nobody_of_a_lower_level_changes_a_super_admin(self, root: Client) -> None:
        operator = signed_in(person(Role.SYSTEM_ADMIN))
        own = User.objects.get(is_superuser=True)

        answer = Client().patch(f"/api/v4/users/{own.pk}", {"is_active": False}, "application/json", headers=operator)

        assert (answer.status_code, answer.json()["code"]) == (403, "above_your_level")

    def test_somebody_who_is_not_there_is_404(self, root: Client) -> None:
        answers = [root.get(f"/api/v4/users/{number}") for number in (10**9, 10**30)]

        assert [answer.json()["code"] for answer in answers] == ["unknown_user", "unknown_user"]
