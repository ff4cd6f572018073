"""How a service key or a session token is sent, and what is said when it opens nothing."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.headless.internal import sessionkit
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request

from rollout.identity import identify
from rollout.testing import at_stage
from tests.users.credentials import bearer, key_with, signed_in
from users.accounts.sessions import InvalidSession
from users.api.authentication import ServiceKeyAuthentication, SessionTokenAuthentication
from users.api.permissions import meets
from users.authority import EVERY_REVIEW
from users.keys import InvalidServiceKey, mint
from users.models import ServiceKey, User

pytestmark = pytest.mark.django_db


def request_with(header: str | None) -> Request:
    request = RequestFactory().get("/", headers=None if header is None else {"Authorization": header})
    return Request(request, authenticators=[ServiceKeyAuthentication()])


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_key_makes_the_request_its_own_and_nobodys_else(scheme: str) -> None:
    key = key_with("ops")
    request = request_with(f"{scheme} {key.token.text}")

    assert (request.auth, request.user) == (key, AnonymousUser())


@pytest.mark.parametrize("header", [None, "", "Basic cm9vdDpyb290", "Token jwg_nonsense", "jwg_nonsense"])
def test_without_a_bearer_token_the_caller_is_anonymous(
    header: str | None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert request_with(header).auth is None


@pytest.mark.parametrize("token", ["", "jwg_", "jwg_nonsense", "jwg_é", "x" * 5000, "a b", "\x7f\xff"])
def test_any_other_bearer_token_is_refused_without_a_query(
    token: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0), pytest.raises(InvalidServiceKey):
        _ = request_with(f"Bearer {token}").auth


def test_malformed_unknown_expired_and_revoked_keys_get_one_and_the_same_answer(client: Client) -> None:
    long_ago = timezone.now() - timedelta(days=2)
    expired, revoked = key_with("ops"), key_with("ops")
    ServiceKey.objects.filter(pk=expired.pk).update(created_at=long_ago, expires_at=long_ago + timedelta(days=1))
    ServiceKey.objects.revoke(revoked.prefix, now=timezone.now())
    tokens = ["jwg_nonsense", mint().text, expired.token.text, revoked.token.text]

    for path in ("/api/v4/users", "/api/admin/users", "/api/reviews"):
        with at_stage("api_v4_users", "full"):
            answers = [client.get(path, headers=bearer(token)) for token in tokens]
        assert {answer.status_code for answer in answers} == {401}
        assert {answer.headers["WWW-Authenticate"] for answer in answers} == {
            'Bearer realm="jewgo", error="invalid_token"'
        }
        assert len({json.dumps({**answer.json(), "request_id": ""}) for answer in answers}) == 1


def test_a_key_that_is_revoked_opens_nothing_from_the_next_request_on(client: Client) -> None:
    key = key_with("ops")
    before = client.get("/api/admin/users", headers=bearer(key.token.text))

    ServiceKey.objects.revoke(key.prefix, now=timezone.now())
    after = client.get("/api/admin/users", headers=bearer(key.token.text))

    assert (before.status_code, after.status_code) == (200, 401)


def test_no_token_and_no_address_reach_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    key = key_with("ops")

    client.get("/api/admin/users?search=dana%40example.com", headers=bearer(key.token.text))
    client.get("/api/admin/users", headers=bearer(mint().text))

    logged = " ".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert caplog.records
    assert "jwg_" not in logged.replace(repr(key), "")
    assert "dana" not in logged


def session_request(header: str | None) -> Request:
    request = RequestFactory().get("/", headers=None if header is None else {"X-Session-Token": header})
    return Request(request, authenticators=[ServiceKeyAuthentication(), SessionTokenAuthentication()])


def test_a_session_token_makes_the_request_its_persons_by_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    dana = User.objects.create_user("dana@example.com")
    request = session_request(signed_in(dana)["X-Session-Token"])

    with django_assert_num_queries(1):
        assert request.user == dana
    assert not meets(request, EVERY_REVIEW)
    assert str(identify(request)) == f"u:{dana.pk}"


@pytest.mark.parametrize("token", ["", "jwg_nonsense", "é" * 32, "a" * 31, "A" * 32, "a" * 5000])
def test_what_is_no_session_token_is_refused_without_a_query(
    token: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0), pytest.raises(InvalidSession):
        _ = session_request(token).user


def revoked(user: User, token: str) -> None:
    UserSession.objects.get(session_key=token).end()


def logged_out(user: User, token: str) -> None:
    Session.objects.get(session_key=token).delete()


def expired(user: User, token: str) -> None:
    Session.objects.update(expire_date=timezone.now())


def deactivated(user: User, token: str) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def given_another_password(user: User, token: str) -> None:
    user.set_password("another long password")
    user.save()


def taken_to_be_anothers(user: User, token: str) -> None:
    UserSession.objects.filter(session_key=token).update(user=User.objects.create_user("eve@example.com"))


@pytest.mark.parametrize(
    "happened", [revoked, logged_out, expired, deactivated, given_another_password, taken_to_be_anothers]
)
def test_a_session_that_ended_is_401_from_the_next_request_on_and_never_anonymous(
    happened: Callable[[User, str], None], client: Client
) -> None:
    dana = User.objects.create_user("dana@example.com")
    headers = signed_in(dana)
    before = client.get("/api/v4/statistics", headers=headers)

    happened(dana, headers["X-Session-Token"])
    after = client.get("/api/v4/statistics", headers=headers)

    assert before.status_code != 401
    assert (after.status_code, after.json()["code"]) == (401, "invalid_session")
    assert after.headers["WWW-Authenticate"] == 'Bearer realm="jewgo"'


def test_a_login_that_is_not_finished_is_no_session(client: Client) -> None:
    session = sessionkit.new_session()
    session["account_login"] = {}
    session.save()

    answer = client.get("/api/v4/statistics", headers={"X-Session-Token": str(session.session_key)})

    assert answer.status_code == 401


def test_the_cookie_of_the_admin_does_not_count(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com"))

    assert client.get("/api/v4/users/me").status_code == 401
