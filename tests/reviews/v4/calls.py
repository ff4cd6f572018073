"""How the tests of the v4 contract of reviews ask and read."""

import json
from typing import Any

from django.test import Client

from tests.users.credentials import signed_in
from users.models import User

LIST = "/api/v4/reviews"


def by(pk: int | None, method: str, path: str = "", body: Any = None, **headers: str) -> Any:
    """Send a request as this person, or as nobody."""
    who = {} if pk is None else signed_in(User.objects.get(pk=pk))
    sent = who | {name.replace("_", "-"): value for name, value in headers.items()}
    text = "" if body is None else json.dumps(body)
    return Client().generic(method, f"{LIST}{path}", text, content_type="application/json", headers=sent)


def read(answer: Any, status: int = 200) -> Any:
    """Return what a success says."""
    body = json.loads(answer.content)
    assert answer.status_code == status, body
    return body["data"]


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Return a problem document, checked for what every one of them has."""
    body: dict[str, Any] = json.loads(answer.content)
    assert (answer.status_code, body["status"], body["code"], body["success"]) == (status, status, code, False)
    assert answer.headers["Content-Type"] == "application/problem+json"
    return body
