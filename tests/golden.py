"""Golden files: one request and the answer that the frozen contract promises, written from the contract's own words.

A file holds `request`: the request line, or `{line, key, person, json}` with the scope of the key that is sent, the
address of the person who is signed in, and the body;
`status`; `body`, in the promised order of keys. `"*"` stands for a value that differs from one answer to the next.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.users.credentials import sent_with, signed_in
from users.models import User


@dataclass(frozen=True)
class Golden:
    """One golden file."""

    name: str
    line: str
    key: str | None
    person: str | None
    json: Any
    status: int
    body: Any

    def ask(self, client: Client) -> HttpResponse:
        """Send the request; the key, if one is needed, is made on the spot."""
        method, _, path = self.line.partition(" ")
        headers = sent_with(self.key) if self.key else {}
        if self.person:
            headers = signed_in(User.objects.get(email=self.person))
        body = b"" if self.json is None else json.dumps(self.json).encode()
        response: Any = client.generic(method, path, body, content_type="application/json", headers=headers)
        return response  # type: ignore[no-any-return]

    def check(self, response: HttpResponse) -> None:
        """Fail unless the answer is the golden one, byte for byte but for what is masked."""
        answered = masked(json.loads(response.content), self.body)
        assert json.dumps(answered, ensure_ascii=False, indent=1) == json.dumps(self.body, ensure_ascii=False, indent=1)
        assert response.status_code == self.status


def goldens(folder: Path) -> list[Golden]:
    """Return every golden file of a folder, by name."""
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def masked(answer: Any, golden: Any) -> Any:
    """Return the answer with `"*"` wherever the golden file has it."""
    if golden == "*":
        return "*"
    if isinstance(answer, dict) and isinstance(golden, dict):
        return {name: masked(value, golden.get(name)) for name, value in answer.items()}
    if isinstance(answer, list) and isinstance(golden, list) and len(answer) == len(golden):
        return [masked(*pair) for pair in zip(answer, golden, strict=True)]
    return answer


def _read(path: Path) -> Golden:
    held = json.loads(path.read_text("utf-8"))
    request = held["request"] if isinstance(held["request"], dict) else {"line": held["request"]}
    return Golden(
        path.stem,
        request["line"],
        request.get("key"),
        request.get("person"),
        request.get("json"),
        held["status"],
        held["body"],
    )
