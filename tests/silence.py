"""A pytest plugin: nothing that this run logs, in its own process or in a server it starts, tells of a caller.

Every line is searched for e-mail addresses, whole service keys, tokens and passwords that a test planted, and what
stands behind a parameter of place. A test during which one is found fails.
"""

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from jewgo.core.logs import JsonFormatter

TELLING: Final = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[a-z]+)+"  # an address
    r"|jwg_[0-9A-Za-z]{8}_[0-9A-Za-z]{20,}"  # a whole key
    r"|(?:lat|lng|near|bbox)=-?\d[\d.]*"  # where a caller is
)
_planted: set[str] = set()


def plant(secret: str) -> str:
    """Have every line of the run searched for `secret` from now on; return it."""
    _planted.add(secret)
    return secret


def told_by(text: str) -> list[str]:
    """Return what a text of logs tells of callers."""
    return sorted({*TELLING.findall(text), *(secret for secret in _planted if secret in text)})


class Listener(logging.Handler):
    """Hears every record as it would be written, and remembers what tells of somebody."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonFormatter())
        self.heard: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Search a line."""
        line = self.format(record)
        self.heard += [(secret, line) for secret in told_by(line)]


LISTENER: Final = Listener()


def pytest_sessionstart() -> None:
    """Listen to everything, Django's own loggers too, which tell their parents nothing."""
    for name in ("", "django"):
        logging.getLogger(name).addHandler(LISTENER)


@pytest.fixture(autouse=True)
def nothing_personal_is_logged() -> Iterator[None]:
    """Fail a test during which a line told of somebody."""
    LISTENER.heard.clear()
    yield
    heard = [secret for secret, _ in LISTENER.heard]
    assert heard == [], f"{os.environ.get('PYTEST_CURRENT_TEST')} logged {LISTENER.heard[:3]}"


def search(folder: Path) -> None:
    """Fail when a log of a server that ran here tells of somebody."""
    found = {path.name: told_by(path.read_text("utf-8", "replace")) for path in sorted(folder.glob("*.log"))}
    told = {name: secrets for name, secrets in found.items() if secrets}
    assert told == {}, told
