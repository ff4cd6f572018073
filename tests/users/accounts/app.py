"""An app in somebody's hands: it keeps the token it is given, reads its owner's e-mail, and knows the time."""

import re
import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client

from users.addresses import vouch_for
from users.models import User

PASSWORD = "correct horse battery"
CODE = re.compile(r"^ {4}([A-Z]{4}-[A-Z]{4})$", re.MULTILINE)


class App:
    """Calls the account routes over Django's client."""

    def __init__(self, network: str = "192.0.2.1") -> None:
        self.client = Client(REMOTE_ADDR=network)
        self.token = ""

    def send(self, method: str, route: str, body: Any = None, **headers: str) -> Any:
        """Send a request as JSON, with the token; keep the token that comes back."""
        sent = {"X-Session-Token": self.token, **headers} if self.token else headers
        answer = self.client.generic(
            method, f"/accounts/app/v1/{route}", data=_json(body), content_type="application/json", headers=sent
        )
        told = answer.json() if answer.content else {}
        self.token = told.get("meta", {}).get("session_token", self.token)
        return answer

    def sign_up(self, email: str, password: str = PASSWORD) -> Any:
        return self.send("POST", "auth/signup", {"email": email, "password": password})

    def log_in(self, email: str, password: str = PASSWORD) -> Any:
        return self.send("POST", "auth/login", {"email": email, "password": password})

    def ask_for_reset(self, email: str) -> Any:
        return self.send("POST", "auth/password/request", {"email": email})

    def prove(self, code: str) -> Any:
        return self.send("POST", "auth/email/verify", {"key": code})


def _json(body: Any) -> Any:
    from jewgo.core.api.wire import dumps

    return b"" if body is None else dumps(body)


def person(email: str = "dana@example.com", password: str | None = PASSWORD, **fields: Any) -> User:
    """Store somebody whose address is proven."""
    user = User.objects.create_user(email, password, **fields)
    vouch_for(user)
    return user


def said(answer: Any) -> Any:
    """Return what an answer says to whoever cannot tell one token from another."""
    told = answer.json()
    told.get("meta", {}).pop("session_token", None)
    headers = {name: value for name, value in answer.headers.items() if name not in {"Expires", "X-Request-ID"}}
    return answer.status_code, told, headers


def flows(answer: Any) -> list[str]:
    """Return what may be done next, as the answer names it."""
    return [flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")]


def errors(answer: Any) -> list[str]:
    return [error["code"] for error in answer.json().get("errors", [])]


def latest_code() -> str:
    """Return the code of the last e-mail."""
    found = CODE.search(str(mail.outbox[-1].body))
    assert found, mail.outbox[-1].body
    return found[1]


def wrong(code: str) -> str:
    """Return a code that is not this one."""
    return ("B" if code[0] != "B" else "C") + code[1:]


def totp(secret: str, steps: int = 0) -> str:
    """Return what an authenticator shows now, or so many half minutes later: one step either way is accepted."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))
