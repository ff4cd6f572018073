"""How a service key is sent, and what is said when it opens nothing."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request

from rollout.testing import at_stage
from tests.users.credentials import bearer, key_with
from users.api.authentication import ServiceKeyAuthentication
from users.keys import InvalidServiceKey, mint
from users.models import ServiceKey

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
