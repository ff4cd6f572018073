"""What a scope opens."""

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from jewgo.core.api import V4View
from users.api.permissions import HasScope, HasScopeToWrite, has_scope
from users.keys import Scope
from users.models import ServiceKey, User


def request_of(key: ServiceKey | None, method: str = "GET") -> Request:
    request = Request(RequestFactory().generic(method, "/"))
    request.auth = key
    return request


@pytest.mark.parametrize("scope", Scope.values)
def test_a_key_has_the_scopes_it_was_given_and_no_other(scope: str) -> None:
    request = request_of(ServiceKey(scopes=[scope]))

    assert [other for other in Scope.values if has_scope(request, other)] == [scope]


def test_nobody_and_a_superusers_session_have_no_scope() -> None:
    plain = RequestFactory().get("/")
    plain.user = User(is_superuser=True, is_staff=True)

    assert not has_scope(plain, "ops")
    assert not has_scope(request_of(None), "ops")


@pytest.mark.parametrize(
    ("method", "scopes", "is_let_in"),
    [
        ("GET", ["catalog:write"], True),
        ("GET", ["ops"], False),
        ("POST", ["catalog:write"], True),
        ("POST", [], False),
    ],
)
def test_a_permission_asks_for_its_scope_on_every_method(method: str, scopes: list[str], is_let_in: bool) -> None:
    permission = HasScope("catalog:write")()

    assert permission.has_permission(request_of(ServiceKey(scopes=scopes), method), V4View()) is is_let_in


@pytest.mark.parametrize(
    ("method", "is_let_in"),
    [("GET", True), ("HEAD", True), ("OPTIONS", True), ("POST", False), ("PUT", False), ("PATCH", False),
     ("DELETE", False), ("TRACE", False), ("PROPFIND", False)],
)  # fmt: skip
def test_a_write_permission_leaves_only_reading_open(method: str, is_let_in: bool) -> None:
    permission = HasScopeToWrite("catalog:write")()

    assert permission.has_permission(request_of(None, method), V4View()) is is_let_in


def test_a_scope_that_does_not_exist_is_found_when_the_code_is_loaded() -> None:
    with pytest.raises(ValueError, match="catalog:wirte"):
        HasScope("catalog:wirte")


def test_one_scope_is_one_permission_class() -> None:
    assert HasScope("ops") is HasScope("ops")
    assert HasScope("ops") is not HasScopeToWrite("ops")
