"""Pages of other origins: those that the environment names may call the API with a token; cookies never travel."""

from typing import Any

import pytest
from django.test import Client

from jewgo.core import cross_origin

pytestmark = pytest.mark.django_db

APP = "https://app.jewgo.example"
PREFLIGHT = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "x-session-token, if-match"}


@pytest.fixture(autouse=True)
def allowed(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [APP]
    settings.CORS_URLS_REGEX = cross_origin.ROUTES


def test_a_preflight_says_which_methods_and_headers_may_be_sent(client: Client) -> None:
    answer = client.options("/api/v4/restaurants/1", headers={"Origin": APP, **PREFLIGHT})

    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, APP)
    assert {"Authorization", "X-Session-Token", "X-Device-ID", "X-Request-ID", "Idempotency-Key", "If-Match"} < set(
        allowed
    )
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("path", ["/api/restaurants", "/api/v4/nothing", "/accounts/app/v1/config", "/health"])
def test_an_answer_may_be_read_with_its_headers_and_without_cookies(path: str, client: Client) -> None:
    answer = client.get(path, headers={"Origin": APP})

    readable = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert {"ETag", "Location", "Link", "Deprecation", "Sunset", "X-Request-ID", "X-JewGo-Served-By"} < readable
    assert {"RateLimit", "RateLimit-Policy", "Retry-After", "Idempotency-Replayed"} < readable
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "https://app.jewgo.example.evil.example", "http://app.jewgo.example", "null", "https://["],
)
def test_no_other_origin_is_let_in(origin: str, client: Client) -> None:
    for answer in (
        client.get("/api/restaurants", headers={"Origin": origin}),
        client.options("/api/restaurants", headers={"Origin": origin, **PREFLIGHT}),
    ):
        assert answer.status_code == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/admin/login/", "/accounts/login/", "/", "/metrics"])
def test_pages_are_of_our_own_origin_alone(path: str, client: Client) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(path, headers={"Origin": APP}).headers


def test_without_an_origin_in_the_environment_nothing_is_said(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS, settings.CORS_URLS_REGEX = [], r"(?!)"

    answer = client.get("/api/restaurants", headers={"Origin": APP})

    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "origin" not in answer.headers["Vary"]
