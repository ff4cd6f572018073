"""The front page and the pages of failure."""

import re

import pytest
from django.test import Client

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_gets_a_page_that_needs_nothing_from_elsewhere(client: Client) -> None:
    answer = client.get("/", headers=BROWSER)

    page = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1>JewGo</h1>" in page
    assert not re.search(r"https?://|<script|style=|onclick", page)
    assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_anything_else_gets_json_in_v3s_envelope(client: Client, accept: str) -> None:
    body = client.get("/", headers={"Accept": accept}).json()

    assert list(body) == ["success", "timestamp", "status_code", "data", "message", "meta"]
    assert body["data"]["links"]["documentation_v4"] == "/api/v4/docs"


@pytest.mark.django_db
def test_every_link_of_the_front_page_leads_somewhere(client: Client) -> None:
    page = client.get("/", headers=BROWSER).content.decode()

    links = [link for link in re.findall(r'href="(/[^"]*)"', page) if not link.startswith("/static/")]
    answers = {link: client.get(link) for link in links}

    assert len(links) >= 6
    # A gate may be closed (404 feature_disabled); nothing else may be missing.
    missing = [link for link, got in answers.items() if got.status_code >= 400 and b"feature_" not in got.content]
    assert missing == []


def test_a_missing_page_is_html_for_people_and_json_for_programs(client: Client) -> None:
    page = client.get("/nowhere", headers=BROWSER)
    data = client.get("/nowhere")

    assert (page.status_code, data.status_code) == (404, 404)
    assert "There is no such thing here" in page.content.decode()
    assert page.headers["X-Request-ID"] in page.content.decode()
    assert data.json()["success"] is False


@pytest.mark.django_db
@pytest.mark.urls("tests.jewgo.core.api.urls")
@pytest.mark.parametrize(("kind", "status"), [("bug", 500), ("operational", 503)])
def test_a_page_that_fails_is_html_for_people(kind: str, status: int) -> None:
    answer = Client(raise_request_exception=False).get(f"/page/{kind}", headers=BROWSER)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"secret" not in answer.content
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "application/json"),
        ("/livez", "application/json"),
        ("/readyz", "application/json"),
        ("/api/docs", "application/json"),
        ("/api/openapi.yaml", "application/json"),
        ("/api/v4/docs", "application/problem+json"),
        ("/api/v4/docs/errors", "application/problem+json"),
    ],
)
def test_what_only_shows_something_refuses_another_method_in_its_contracts_shape(
    path: str, media_type: str, method: str
) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (405, media_type)
    assert answer.json()["success"] is False
    assert answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/", "/livez", "/api/docs", "/api/nowhere"])
def test_every_answer_is_guarded(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy


def test_the_admin_says_whose_it_is_and_has_an_icon(client: Client) -> None:
    page = client.get("/admin/login/", follow=True).content.decode()

    assert "Log in · JewGo" in page
    assert "Django administration" not in page
    assert 'rel="icon"' in page
