"""What the tests of the control plane share: terms of a move, a clock to turn, workers, other processes."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TypedDict
from urllib.parse import quote
from uuid import uuid4

from django.db import connection

from rollout.models import StageChange, Worker
from rollout.moves import Actor
from rollout.propagation import control_version


class Asked(TypedDict):
    """What no move goes without."""

    actor: Actor
    reason: str


TERMS: Asked = {"actor": Actor("cli", "dana", is_superuser=True), "reason": "a test"}
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **forward: float) -> None:
        """Go forward."""
        self.now += timedelta(**forward)


def newest() -> StageChange:
    """Return the newest line of the ledger."""
    line = StageChange.objects.head()
    assert line is not None
    return line


def worker(pid: int, *, version: int | None = None, seen_s_ago: float = 0, started_s_ago: float = 600) -> Worker:
    """Store a worker, as its pulse would have; by default it has applied the newest version just now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return Worker.objects.create(
        id=uuid4(),
        host="web",
        pid=pid,
        started_at=now - timedelta(seconds=started_s_ago),
        seen_at=now - timedelta(seconds=seen_s_ago),
        applied_at=now,
        version=control_version() if version is None else version,
    )


def python(code: str, *arguments: str, database_url: str = "") -> "subprocess.Popen[str]":
    """Start another Python on this test's own database; only rows that are committed are there."""
    setup = "import django, sys; django.setup()\n"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", setup + code, *arguments],
        env={**os.environ, "DATABASE_URL": database_url or _url(), "DJANGO_SETTINGS_MODULE": "jewgo.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _url() -> str:
    own = connection.settings_dict
    secret = f":{quote(own['PASSWORD'], safe='')}" if own["PASSWORD"] else ""
    return f"postgres://{quote(own['USER'], safe='')}{secret}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
