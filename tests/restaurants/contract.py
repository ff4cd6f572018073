"""How a golden file is asked and compared: byte for byte, with what changes from call to call masked."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.http import HttpResponse
from django.test import Client

from rollout.testing import at_stage
from tests.users.credentials import sent_with

GOLDEN = Path(__file__).parent / "golden"
ENGINES = {"v3": "disabled", "v4": "complete"}
"""The stage at which each engine answers everybody, alone."""

VOLATILE = ("timestamp", "request_id", "current_time_local", "execution_time")
MOMENTARY = ("status", "is_open", "status_reason", "next_open_time")
"""What the clock decides of a place, unknown included; `tests.restaurants.test_v3_hours` says what it has to be."""
NAIVE = re.compile(rb'"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?"')


def names(folder: Path = GOLDEN) -> list[str]:
    """Return the golden files by name."""
    return sorted(path.name.removesuffix(".json") for path in folder.glob("*.json"))


def load(name: str, folder: Path = GOLDEN) -> dict[str, Any]:
    """Return one golden file: the request, the status, the body, and what must be switched on."""
    golden: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return golden


@contextmanager
def served_by(engine: str, *, rich_errors: bool = False, v4_rules: bool = False) -> Iterator[None]:
    """Let `engine` answer everybody."""
    stages = {
        "api_v4_enabled": "complete",
        "api_v4_restaurants": ENGINES[engine],
        "api_v4_statistics": ENGINES[engine],
        "api_v4_error_handling": "complete" if rich_errors else "disabled",
        "api_v4_validation": "complete" if v4_rules else "disabled",
    }
    with ExitStack() as stack:
        for feature, stage in stages.items():
            stack.enter_context(at_stage(feature, stage))
        yield


def ask(client: Client, request: str | dict[str, Any]) -> HttpResponse:
    """Send the request of a golden file."""
    asked = {"line": request} if isinstance(request, str) else request
    method, path = asked["line"].split(" ", 1)
    headers = sent_with(asked["key"]) if "key" in asked else {}
    body = json.dumps(asked["json"]) if "json" in asked else ""
    return client.generic(method, path, body, content_type="application/json", headers=headers)  # type: ignore[return-value]


def expected(golden: dict[str, Any]) -> bytes:
    """Return the body of a golden file as it travels."""
    return json.dumps(golden["body"], ensure_ascii=False, separators=(",", ":")).encode()


def masked(body: bytes, extra: tuple[str, ...] = ()) -> bytes:
    """Return a body with a star in place of every volatile value that is not null, and of what else is named."""
    for name in VOLATILE:
        body = re.sub(rb'"%s":("[^"]*"|-?[\d.]+(e-?\d+)?)' % name.encode(), b'"%s":"*"' % name.encode(), body)
    for name in extra:
        body = re.sub(rb'"%s":("[^"]*"|-?[\d.]+|null)' % name.encode(), b'"%s":"*"' % name.encode(), body)
    for name in MOMENTARY:
        body = re.sub(
            rb'"%s":("(open|closed|unknown|hours|shabbat|yom_tov|no_hours|\d[^"]*)"|true|false|null)(?=[,}])'
            % name.encode(),
            b'"%s":"*"' % name.encode(),
            body,
        )
    return body
