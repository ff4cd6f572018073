"""What protects a browser, on every kind of answer of a real server with the settings of production."""

from collections.abc import Iterator

import pytest

from tests.journeys.client import Client
from tests.journeys.service import running_service

POLICY = {
    "default-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "object-src 'none'",
}
SAID = {
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}
HTML = {"Accept": "text/html, */*;q=0.8"}
SECURE = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Yield a client of an installation as it is deployed: behind a proxy that speaks HTTPS."""
    variables = {"JEWGO_LOCAL": "off", "BEHIND_PROXY": "on", "ROLLOUT_DRILLS": "off", "WORKERS": "1"}
    with running_service(**variables) as service:
        yield service.client


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/api/restaurants?limit=1", 200),
        ("/api/v4/nothing", 404),
        ("/api/v4/rollout/status", 401),
        ("/health", 200),
        ("/readyz", 200),
        ("/admin/", 302),
        ("/accounts/login/", 200),
        ("/accounts/2fa/", 302),
        ("/accounts/app/v1/config", 200),
        ("/accounts/app/v1/auth/session", 401),
        ("/accounts/nothing", 404),
        ("/nowhere", 404),
        ("/api/v4/docs/errors", 200),
    ],
)
def test_every_answer_has_the_same_headers(path: str, status: int, client: Client) -> None:
    answer = client.request("GET", path, headers={**HTML, **SECURE})

    assert answer.status == status
    assert {name: answer.headers.get(name) for name in SAID} == SAID
    assert set(answer.headers["content-security-policy"].split("; ")) == POLICY


def test_a_static_file_has_them_but_for_frames_which_its_policy_forbids(client: Client) -> None:
    answer = client.request("GET", "/static/jewgo/page.css", headers=SECURE)

    assert {name for name, value in SAID.items() if answer.headers.get(name) != value} == {"x-frame-options"}
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/api/docs", "/api/v4/redoc"])
def test_the_viewers_of_the_documentation_alone_get_what_they_need(path: str, client: Client) -> None:
    answer = client.request("GET", path, headers={**HTML, **SECURE})

    policy = set(answer.headers["content-security-policy"].split("; "))
    assert {name: answer.headers.get(name) for name in SAID} == SAID
    assert policy - POLICY == {"style-src 'self' 'unsafe-inline'", "worker-src 'self' blob:"}
    assert policy > POLICY


@pytest.mark.parametrize("path", ["/", "/api/restaurants", "/accounts/login/", "/accounts/app/v1/config", "/admin/"])
def test_without_https_there_is_only_the_way_to_https(path: str, client: Client) -> None:
    answer = client.get(path)

    assert answer.status == 301
    assert answer.headers["location"].startswith("https://")


def test_cookies_travel_by_https_only_and_no_script_reads_them(client: Client) -> None:
    answer = client.request("GET", "/accounts/login/", headers={**HTML, **SECURE})

    cookie = answer.headers["set-cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


def test_the_admin_asks_for_a_second_factor(client: Client) -> None:
    answer = client.request("GET", "/admin/login/?next=/admin/", headers={**HTML, **SECURE})

    assert answer.headers["location"] == "/accounts/login/?next=%2Fadmin%2F"
