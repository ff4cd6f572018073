"""How the tests of the v4 contract ask and read."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.users.credentials import sent_with

LIST = "/api/v4/restaurants"
NEW = {
    "name": "Pita Place",
    "address": "1 Ocean Dr",
    "city": "Miami",
    "country": "us",
    "kosher_categories": ["pareve"],
    "source": "the owner's certificate",
    "sourced_on": "2025-08",
    "levels": [{"attribute": "pas_yisroel", "level": "some", "scope": "Bread Only"}],
    "agency": "ORB",
}


def ids(response: Any) -> list[int]:
    """Return the ids of a list's restaurants, in their order."""
    assert response.status_code == 200, response.content
    return [place["id"] for place in json.loads(response.content)["data"]]


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
    """Send a change with a key that may write."""
    sent = sent_with("catalog:write") | {name.replace("_", "-"): value for name, value in headers.items()}
    text = "" if body is None else json.dumps(body)
    return client.generic(method, path, text, content_type="application/json", headers=sent)  # type: ignore[return-value]


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Return a problem document, checked for what every one of them has."""
    body: dict[str, Any] = json.loads(response.content)
    assert (response.status_code, body["status"], body["code"], body["success"]) == (status, status, code, False)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert body["request_id"]
    return body
