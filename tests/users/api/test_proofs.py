"""Outside local mode a role counts with a second factor, and what widens asks for a fresh proof."""

import time
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from rollout.testing import at_stage
from tests.users.callers import person
from tests.users.credentials import sent_with, signed_in
from users.roles import Role

pytestmark = pytest.mark.django_db

ADVANCE = ("/api/v4/rollout/advance", {"features": ["api_v4_users"]})
PAUSE = ("/api/v4/rollout/pause", {"features": ["api_v4_users"]})


@pytest.fixture(autouse=True)
def staff_need_a_second_factor(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True


def session(
    *roles: Role, factor: str | None = "mfa", age_s: float = 0, email: str = "somebody@example.com"
) -> dict[str, str]:
    """Return the header of a session that was proven so long ago, by a password and perhaps a second factor."""
    headers = signed_in(person(*roles, email=email))
    stored = SessionStore(headers["X-Session-Token"])
    methods = ["password", *([factor] if factor else [])]
    stored[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": name, "at": time.time() - age_s} for name in methods]
    stored.save()
    return headers


def answer(client: Client, asked: tuple[str, object], headers: dict[str, str]) -> tuple[int, str]:
    response = client.post(*asked, "application/json", headers=headers)
    return response.status_code, response.json()["code"]


def test_a_role_without_a_second_factor_is_told_to_set_one_up(client: Client) -> None:
    assert answer(client, PAUSE, session(Role.RELEASE_MANAGER, factor=None)) == (403, "second_factor_required")


def test_whoever_has_no_role_is_not_told_that_one_would_count(client: Client) -> None:
    assert answer(client, PAUSE, session(factor=None)) == (403, "forbidden")


def test_what_widens_asks_for_a_proof_of_the_last_quarter_of_an_hour(client: Client) -> None:
    stale = session(Role.SUPER_ADMIN, age_s=901)

    assert answer(client, ADVANCE, stale) == (403, "reauthentication_required")
    stored = SessionStore(stale["X-Session-Token"])
    stored[AUTHENTICATION_METHODS_SESSION_KEY] += [{"method": "mfa", "at": time.time()}]
    stored.save()
    assert answer(client, ADVANCE, stale) == (400, "invalid_input")


def test_what_sends_people_back_asks_for_none(client: Client) -> None:
    status, code = answer(client, PAUSE, session(Role.ROLLOUT_OPERATOR, age_s=86_400))

    assert (status, code) == (400, "invalid_input")


def test_what_everybody_signed_in_may_do_asks_for_no_second_factor(client: Client) -> None:
    headers = session(factor=None, age_s=86_400)

    assert client.get("/api/v4/users/me", headers=headers).status_code == 200


def test_without_a_second_factor_a_moderator_reads_what_everybody_reads(client: Client) -> None:
    with at_stage("api_v4_reviews", "full"):
        without = session(Role.MODERATOR, factor=None, email="first@example.com")
        proven = session(Role.MODERATOR, email="second@example.com")
        statuses = [
            client.get("/api/v4/reviews?status=pending", headers=headers).status_code for headers in (without, proven)
        ]

    assert statuses == [403, 200]


def test_a_key_is_asked_for_no_factor(client: Client) -> None:
    status, code = answer(client, ADVANCE, sent_with("ops"))

    assert (status, code) == (400, "invalid_input")
