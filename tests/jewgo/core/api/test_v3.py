"""The v3 contract's views."""

from datetime import datetime

import pytest
from django.test import Client, override_settings
from hypothesis import given
from hypothesis import strategies as st

from jewgo.core.api import lenient_int

pytestmark = pytest.mark.urls("tests.jewgo.core.api.urls")


def rich(request: object) -> bool:
    return True


def broken(request: object) -> bool:
    raise RuntimeError


RICH = override_settings(V3_RICH_ERRORS="tests.jewgo.core.api.test_v3.rich")
PLAIN = override_settings(V3_RICH_ERRORS="")


def test_the_envelope_has_its_members_in_order(client: Client) -> None:
    answer = client.get("/api/things?nonsense=1", headers={"X-Request-ID": "r-1"})

    body = answer.json()
    assert list(body) == ["success", "timestamp", "status_code", "data", "message", "meta", "things"]
    assert (body["success"], body["status_code"], body["message"]) == (True, 200, "Retrieved 1 thing")
    assert body["meta"] == {"count": 1, "request_id": "r-1"}
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is None
    assert answer.headers["Cache-Control"] == "private, no-cache"


@PLAIN
def test_an_error_has_the_same_envelope_without_data(client: Client) -> None:
    answer = client.get("/api/raises/missing", headers={"X-Request-ID": "r-1"})

    body = answer.json()
    assert list(body) == ["success", "timestamp", "status_code", "message", "meta"]
    assert (body["success"], body["status_code"], body["message"]) == (False, 404, "No restaurant 7")
    assert body["meta"] == {"resource_type": "Restaurant", "request_id": "r-1"}
    assert answer.headers["Cache-Control"] == "no-store"


@PLAIN
def test_a_bare_route_answers_a_bare_error(client: Client) -> None:
    assert client.get("/api/bare/missing").json() == {"error": "No restaurant 7"}


@PLAIN
@pytest.mark.parametrize("kind", ["bug", "operational"])
def test_a_bare_route_is_bare_for_failures_of_ours_too(client: Client, kind: str) -> None:
    assert list(client.get(f"/api/bare/{kind}").json()) == ["error"]


@PLAIN
def test_a_bare_route_lists_what_validation_found(client: Client) -> None:
    assert client.get("/api/bare").json() == {
        "error": "Validation failed",
        "meta": {"validation_errors": ["address.street: This field is required."]},
    }


@RICH
def test_rich_errors_add_the_code_and_a_request_id_where_there_was_none(client: Client) -> None:
    bare = client.get("/api/bare/missing", headers={"X-Request-ID": "r-1"}).json()
    enveloped = client.get("/api/raises/missing").json()

    assert bare == {"error": "No restaurant 7", "code": "not_found", "meta": {"request_id": "r-1"}}
    assert list(enveloped) == ["success", "timestamp", "status_code", "message", "meta", "code"]


@override_settings(V3_RICH_ERRORS="tests.jewgo.core.api.test_v3.broken")
def test_an_error_is_answered_when_nobody_can_say_whether_it_is_rich(client: Client) -> None:
    assert client.get("/api/bare/missing").json() == {"error": "No restaurant 7"}


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ("", 100, 0),
        ("limit=7&offset=3", 7, 3),
        ("limit=abc&offset=x", 100, 0),
        ("limit=-1&offset=-5", 100, 0),
        ("limit=1e3", 100, 0),
        ("limit=0", 0, 0),
        ("limit=٣", 100, 0),
        ("limit=" + "9" * 5000 + "&offset=" + "9" * 40, 1000, 2**31 - 1),
        ("limit=0000000000000000000000007", 7, 0),
    ],
)
def test_limit_and_offset_are_read_leniently(client: Client, query: str, limit: int, offset: int) -> None:
    shown = client.get(f"/api/things?{query}").json()["data"]["things"][0]

    assert (shown["limit"], shown["offset"]) == (limit, offset)


@given(st.text(), st.integers(0, 10), st.integers(10, 1000))
def test_a_lenient_integer_is_the_default_or_within_the_maximum(text: str, default: int, maximum: int) -> None:
    assert 0 <= lenient_int(text, default, maximum) <= maximum


@pytest.mark.parametrize("city", ["a%00b", "%00", "%ff"])
def test_nul_in_a_filter_becomes_a_text_that_nothing_equals(client: Client, city: str) -> None:
    answer = client.get(f"/api/things?city={city}")

    assert answer.status_code == 200
    assert "\ufffd" in answer.json()["data"]["things"][0]["city"]


@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b'{"a": "\\u0000"}', b"[" * 10_000 + b"]" * 10_000, b"\xff"])
def test_a_body_that_cannot_be_read_is_refused(client: Client, body: bytes) -> None:
    answer = client.generic("POST", "/api/things", body, content_type="application/json")

    assert (answer.status_code, answer.json()["success"]) == (400, False)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", ""])
def test_json_is_sent_whatever_is_accepted(client: Client, accept: str) -> None:
    answer = client.get("/api/things", headers={"Accept": accept})

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("path", ["/api/things", "/api/nowhere", "/api/raises/bug", "/api/outside/operational"])
def test_every_answer_says_that_v3_ends_and_what_follows(client: Client, path: str) -> None:
    answer = client.get(path)

    successor = "/api/v4/things" if path == "/api/things" else "/api/v4/docs"
    assert answer.headers["Deprecation"] == "@1795305600"
    assert answer.headers["Link"] == f'<{successor}>; rel="successor-version"'
    assert "Sunset" not in answer.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/outside/operational", 503),
        ("/api/outside/bug", 500),
        ("/api/raises/timeout", 503),
        ("/api/raises/data", 400),
        ("/api/nowhere", 404),
    ],
)
def test_a_failure_anywhere_has_the_envelope(client: Client, path: str, status: int) -> None:
    body = client.get(path).json()

    assert (body["success"], body["status_code"]) == (False, status)


def test_a_caller_is_told_which_methods_there_are(client: Client) -> None:
    answer = client.put("/api/things", b"{}", content_type="application/json")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST, HEAD, OPTIONS")
    assert answer.json()["message"] == "This method is not offered here"
