"""Every route of both contracts does what the authorisation table says, to everybody."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from jewgo.core.api.view import ContractView
from rollout.testing import at_stage
from tests.users import callers
from users.api.permissions import Authority
from users.authority import AUTHORITY, EVERY_PLACE, EVERY_REVIEW, PUBLIC, Rule
from users.keys import Scope
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db

METHODS = ("get", "post", "put", "patch", "delete")
REFUSED = {401, 403}


def views(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[tuple[str, type[ContractView]]]:
    """Yield the path and the class of every API view."""
    for pattern in patterns:
        path = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, path)
            continue
        view = getattr(pattern.callback, "cls", None)
        if isinstance(view, type) and issubclass(view, ContractView):
            yield path, view


EVERY_VIEW = list(views(get_resolver().url_patterns))
OFFERED = {(method, path) for path, view in EVERY_VIEW for method in METHODS if hasattr(view, method)}
ROUTES = sorted(f"{method.upper()} {path}" for method, path in OFFERED)


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
    assert sorted(AUTHORITY) == ROUTES


def test_every_view_asks_the_table() -> None:
    deaf = [path for path, view in EVERY_VIEW if Authority not in map(type, view().get_permissions())]

    assert deaf == []


@pytest.mark.parametrize("caller", callers.EVERYBODY, ids=str)
def test_everybody_may_do_what_the_table_says_and_nothing_else(caller: Role | Scope, client: Client) -> None:
    headers = callers.of(caller)

    answers = {route: status_of(client, route, headers) not in REFUSED for route in ROUTES}

    assert answers == {route: callers.may(caller, AUTHORITY[route]) for route in ROUTES}


def test_whoever_is_not_known_is_asked_who_they_are(client: Client) -> None:
    guarded = [route for route in ROUTES if not AUTHORITY[route].is_public]

    assert {status_of(client, route, {}) for route in guarded} == {401}


def test_whoever_is_known_and_may_not_is_told_so(client: Client) -> None:
    closed = [route for route in ROUTES if not callers.may(Role.USER, AUTHORITY[route])]
    headers = callers.of(Role.USER)

    assert {status_of(client, route, headers) for route in closed} == {403}


def test_the_admins_session_is_nobody(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com"))
    guarded = [route for route in ROUTES if not AUTHORITY[route].is_public]

    assert {status_of(client, route, {}) for route in guarded} == {401}


def test_v3_is_never_weaker_than_v4() -> None:
    pairs = {
        "POST /api/restaurants": "POST /api/v4/restaurants",
        "PUT /api/restaurants/<int:restaurant_id>": "PUT /api/v4/restaurants/<int:restaurant_id>",
        "DELETE /api/restaurants/<int:restaurant_id>": "DELETE /api/v4/restaurants/<int:restaurant_id>",
        "GET /api/admin/users": "GET /api/v4/users",
    }

    assert all(AUTHORITY[old].roles <= AUTHORITY[new].roles for old, new in pairs.items())
    assert all(AUTHORITY[old].scopes <= AUTHORITY[new].scopes for old, new in pairs.items())


@pytest.mark.parametrize("rule", [PUBLIC, EVERY_PLACE, EVERY_REVIEW])
def test_a_rule_reads_as_a_sentence(rule: Rule) -> None:
    assert str(rule).startswith("a person who is ")


def test_the_page_of_the_table_is_what_the_table_says(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("authority")

    page = Path(settings.BASE_DIR, "docs", "authority.md").read_text()
    assert page == capsys.readouterr().out
