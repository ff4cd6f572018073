"""Every route of both contracts does what the authorisation table says."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from jewgo.core.api.view import ContractView
from rollout.testing import at_stage
from tests.users.credentials import sent_with
from users.authority import AUTHORITY
from users.keys import Scope
from users.models import User

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "patch", "delete")
REFUSED = {401, 403}
GUARDED = sorted(route for route, scopes in AUTHORITY.items() if scopes)
PUBLIC = sorted(set(AUTHORITY) - set(GUARDED))


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    """Yield `METHOD /path` for every method of every API view."""
    for pattern in patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
            continue
        view = getattr(pattern.callback, "cls", None)
        if isinstance(view, type) and issubclass(view, ContractView):
            yield from (f"{method.upper()} {path}" for method in METHODS if hasattr(view, method))


@pytest.fixture(autouse=True)
def every_gate_is_open() -> Iterator[None]:
    """Open the v4 contract to everybody, so that only authority decides."""
    with ExitStack() as stack:
        for domain in ("restaurants", "reviews", "users", "statistics"):
            stack.enter_context(at_stage(f"api_v4_{domain}", "full"))
        yield


def status_of(client: Client, route: str, headers: dict[str, str]) -> int:
    method, _, path = route.partition(" ")
    path = re.sub(r"<\w+:\w+>", "1", path)
    return client.generic(method, path, b"{}", content_type="application/json", headers=headers).status_code


def test_the_table_holds_every_route_and_no_other() -> None:
    assert sorted(set(routes(get_resolver().url_patterns))) == sorted(AUTHORITY)


@pytest.mark.parametrize("route", PUBLIC)
def test_a_public_route_asks_nobody_for_a_key(route: str, client: Client) -> None:
    assert status_of(client, route, {}) not in REFUSED


@pytest.mark.parametrize("route", GUARDED)
def test_nobody_is_asked_who_they_are(route: str, client: Client) -> None:
    assert status_of(client, route, {}) == 401


@pytest.mark.parametrize("route", GUARDED)
def test_a_superusers_session_is_nobody(route: str, client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com"))

    assert status_of(client, route, {}) == 401


@pytest.mark.parametrize("route", GUARDED)
def test_a_key_with_every_other_scope_is_refused(route: str, client: Client) -> None:
    others = sorted(set(Scope.values) - AUTHORITY[route])

    assert status_of(client, route, sent_with(*others)) == 403


@pytest.mark.parametrize(
    ("route", "scope"), [(route, scope) for route in GUARDED for scope in sorted(AUTHORITY[route])]
)
def test_a_key_with_the_scope_alone_is_let_in(route: str, scope: str, client: Client) -> None:
    assert status_of(client, route, sent_with(scope)) not in REFUSED
