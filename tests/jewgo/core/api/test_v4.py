"""The v4 contract's views."""

from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

pytestmark = pytest.mark.urls("tests.jewgo.core.api.urls")

DEEP = b"[" * 10_000 + b"]" * 10_000


def post(client: Client, body: bytes, content_type: str = "application/json") -> Any:
    return client.generic("POST", "/api/v4/things", body, content_type=content_type)


def faults(answer: Any) -> list[tuple[str | None, str]]:
    """Return where and with which code a problem found fault."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    return [(fault.get("pointer", fault.get("parameter")), fault["code"]) for fault in answer.json()["errors"]]


def test_a_success_has_three_members_and_may_not_be_shared(client: Client) -> None:
    answer = client.get("/api/v4/things?city=Miami&ids=1&ids=2")

    assert answer.json() == {
        "success": True,
        "data": {"city": "Miami", "ids": [1, 2], "limit": 20, "include_total": False},
        "meta": {"seen": True},
    }
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "Authorization, X-Session-Token, X-Device-ID, Cookie, Accept, Accept-Language"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("citty=Miami", ("citty", "unknown_parameter")),
        ("limit=1&limit=2", ("limit", "repeated_parameter")),
        ("limit=abc", ("limit", "invalid")),
        ("limit=0", ("limit", "min_value")),
        ("limit=" + "9" * 40, ("limit", "out_of_range")),
        ("limit=" + "9" * 5000, ("limit", "max_string_length")),
        ("lat=NaN", ("lat", "invalid")),
        ("lat=-Infinity", ("lat", "invalid")),
        ("ids=1&ids=" + "9" * 20, ("ids", "out_of_range")),
        ("ids=1&ids=x", ("ids", "invalid")),
        ("city=a%00b", ("city", "not_text")),
        ("city=%ff%fe", ("city", "not_text")),
        ("a%00b=1", ("a\ufffdb", "not_text")),
        ("open_now=perhaps", ("open_now", "invalid")),
        ("format=json", ("format", "unknown_parameter")),
    ],
)
def test_a_wrong_parameter_is_named(client: Client, query: str, expected: tuple[str, str]) -> None:
    answer = client.get(f"/api/v4/things?{query}")

    assert answer.status_code == 400
    assert faults(answer) == [expected]


def test_an_unknown_parameter_is_answered_with_the_nearest_name(client: Client) -> None:
    answer = client.get("/api/v4/things?citty=Miami")

    assert "did you mean 'city'?" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"name": "x", "nmae": 1}', ("/nmae", "unknown_field")),
        (b'{"name": "x", "address": {"steet": "y"}}', ("/address/steet", "unknown_field")),
        (b'{"name": "x", "tags": ["a", {}]}', ("/tags/1", "invalid")),
        (b"{}", ("/name", "required")),
        (b'{"name": "a\\u0000b"}', ("/name", "not_text")),
        (b'{"name": "x", "a/b~c\\u0000": 1}', ("", "not_text")),
        (b'{"name": "x", "rating": "NaN"}', ("/rating", "invalid")),
        (b'{"name": "x", "stars": 99999999999999999999}', ("/stars", "invalid")),
        (b'{"name": "x", "stars": 18446744073709551615}', ("/stars", "out_of_range")),
        (b"[]", ("", "invalid")),
        (b'"text"', ("", "invalid")),
        (b"null", ("", "null")),
        (b"", ("/name", "required")),
    ],
)
def test_a_wrong_body_is_pointed_at(client: Client, body: bytes, expected: tuple[str, str]) -> None:
    answer = post(client, body)

    assert answer.status_code == 400
    assert faults(answer) == [expected]


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"name": NaN}', b'{"name": 1e999}', b'{"name": "\\ud800"}', b"\xff\xfe", DEEP, b'{"name": ' + DEEP + b"}"],
)
def test_what_is_no_json_is_malformed(client: Client, body: bytes) -> None:
    answer = post(client, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


def test_a_body_nested_deeper_than_sense_is_malformed(client: Client) -> None:
    answer = post(client, b"[" * 900 + b"]" * 900)

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    assert "32 levels" in answer.json()["detail"]


def test_a_body_that_is_too_large_is_413(client: Client) -> None:
    answer = post(client, b'{"name": "' + b"x" * 1_100_000 + b'"}')

    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.binary(max_size=200))
def test_no_body_is_a_server_error(client: Client, body: bytes) -> None:
    assert post(client, body).status_code in (201, 400)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.sampled_from(["city", "lat", "ids", "limit", "cursor", "x"]), st.binary(max_size=60))
def test_no_query_is_a_server_error(client: Client, name: str, value: bytes) -> None:
    assert client.get(f"/api/v4/things?{name}={quote(value)}").status_code in (200, 400)


def test_a_created_thing_is_201_with_its_place(client: Client) -> None:
    answer = post(client, '{"name": "מסעדה", "tags": ["a"]}'.encode())

    assert (answer.status_code, answer.headers["Location"]) == (201, "/api/v4/things/1")
    assert answer.json()["data"] == {"name": "מסעדה", "tags": ["a"]}


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_another_content_type_is_415(client: Client, content_type: str) -> None:
    answer = post(client, b'{"name": "x"}', content_type)

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_another_format_is_406(client: Client) -> None:
    answer = client.get("/api/v4/things", headers={"Accept": "application/xml"})

    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_another_method_is_405_and_the_allowed_ones_are_listed(client: Client) -> None:
    answer = client.delete("/api/v4/things")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_options_lists_the_methods(client: Client) -> None:
    answer = client.options("/api/v4/things")

    assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, POST, HEAD, OPTIONS")


def test_a_caller_who_is_not_known_is_challenged(client: Client) -> None:
    answer = client.get("/api/v4/closed")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_problem_has_every_member_and_is_never_stored(client: Client) -> None:
    answer = client.get("/api/v4/raises/conflict?who=dana", headers={"X-Request-ID": "r-1"})

    assert answer.json() == {
        "type": "/api/v4/docs/errors#conflict",
        "title": "The request conflicts with what is stored",
        "status": 409,
        "detail": "Two at once",
        "instance": "/api/v4/raises/conflict",
        "success": False,
        "code": "conflict",
        "errors": [],
        "request_id": "r-1",
        "retryable": False,
        "hint": "Ask for one.",
        "meta": {"other": 7},
    }
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Other"] == "7"


@pytest.mark.parametrize("kind", ["operational", "interface", "unwrapped", "timeout"])
@pytest.mark.parametrize("place", ["raises", "outside"])
def test_a_lost_database_is_503_inside_a_view_and_outside(client: Client, place: str, kind: str) -> None:
    answer = client.get(f"/api/v4/{place}/{kind}")

    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (503, "unavailable", True)
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.django_db
def test_a_statement_that_takes_too_long_is_503(client: Client) -> None:
    answer = client.get("/api/v4/sleep")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


@pytest.mark.parametrize("place", ["raises", "outside"])
def test_a_bug_is_500_and_says_nothing_of_itself(client: Client, place: str) -> None:
    answer = client.get(f"/api/v4/{place}/bug")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert b"secret" not in answer.content


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("data", 400, "invalid_input"),
        ("throttled", 429, "too_many_requests"),
        ("validation", 400, "invalid_input"),
        ("missing", 404, "not_found"),
        ("failed_authentication", 401, "unauthenticated"),
    ],
)
def test_what_the_framework_raises_has_a_code_of_ours(client: Client, kind: str, status: int, code: str) -> None:
    answer = client.get(f"/api/v4/raises/{kind}")

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_throttled_caller_is_told_how_long(client: Client) -> None:
    assert client.get("/api/v4/raises/throttled").headers["Retry-After"] == "7"


def test_a_path_that_leads_nowhere_is_a_problem(client: Client) -> None:
    answer = client.get("/api/v4/nowhere")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_host_that_is_not_ours_is_a_problem(client: Client) -> None:
    answer = client.get("/api/v4/things", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_nul_in_a_path_names_nothing(client: Client) -> None:
    assert client.get("/api/v4/things/a%00b").status_code == 404


def test_a_thing_that_the_caller_holds_is_not_sent_again(client: Client) -> None:
    first = client.get("/api/v4/things/a")

    second = client.get("/api/v4/things/a", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["ETag"].startswith('"7.')
    assert (second.status_code, second.content) == (304, b"")
    assert second.headers["ETag"] == first.headers["ETag"]
    assert second.headers["Cache-Control"] == "private, no-cache"


def test_a_list_has_a_weak_tag(client: Client) -> None:
    first = client.get("/api/v4/list")

    second = client.get("/api/v4/list", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["ETag"].startswith('W/"')
    assert second.status_code == 304


@pytest.mark.parametrize(("tag", "status"), [(None, 428), ('"6.x"', 412), ('"7.anything"', 200)])
def test_a_change_needs_the_version_that_is_stored(client: Client, tag: str | None, status: int) -> None:
    headers = {"If-Match": tag} if tag else {}

    answer = client.patch("/api/v4/things/a", b'{"name": "y"}', content_type="application/json", headers=headers)

    assert answer.status_code == status


def test_a_head_has_the_headers_and_no_body(client: Client) -> None:
    answer = client.head("/api/v4/things/a")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ETag"].startswith('"7.')
