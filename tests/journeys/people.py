"""Somebody with an app, an authenticator and a mailbox, before a real server."""

import base64
import hashlib
import hmac
import re
import struct
import time
from pathlib import Path
from typing import Any

from tests.journeys.client import Answer, Client

CODE = re.compile(r"^ {4}([A-Z]{4}-[A-Z]{4})$", re.MULTILINE)
ACCOUNTS = "/accounts/app/v1"


class Person:
    """Calls the account routes and the API from a network of their own; keeps the token that comes back."""

    def __init__(self, client: Client, mailbox: Path, network: str) -> None:
        self.client, self.mailbox, self.network = client, mailbox, network
        self.token = ""

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send one request, with the token if there is one."""
        sent = {"X-Forwarded-For": self.network, **headers}
        if self.token:
            sent["X-Session-Token"] = self.token
        answer = self.client.request(method, path, body=body, headers=sent)
        if path.startswith(ACCOUNTS) and answer.body:
            self.token = answer.json.get("meta", {}).get("session_token", self.token)
        return answer

    def account(self, method: str, route: str, body: Any = None) -> Answer:
        return self.ask(method, f"{ACCOUNTS}/{route}", body)

    def log_in(self, email: str, password: str) -> Answer:
        self.token = ""
        return self.account("POST", "auth/login", {"email": email, "password": password})

    def letters(self) -> list[str]:
        """Return the e-mails that were sent, the latest last."""
        files = sorted(self.mailbox.glob("*.log"), key=lambda file: file.stat().st_mtime_ns)
        return [file.read_text() for file in files]

    def code(self) -> str:
        """Return the code of the latest e-mail."""
        found = CODE.search(self.letters()[-1])
        assert found, self.letters()
        return found[1]


def totp(secret: str, steps: int = 0) -> str:
    """Return what an authenticator shows (RFC 6238), now or so many half minutes later."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
