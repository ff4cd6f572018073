"""What the tests of the control plane share: terms of a move, a clock to turn, workers, other processes."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict
from urllib.parse import quote
from uuid import uuid4

from django.db import connection

from rollout.models import Flag, Guard, HealthSample, Judgement, StageChange, Worker
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


class Turned:
    """A monotonic clock that stands until it is turned; seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def newest() -> StageChange:
    """Return the newest line of the ledger."""
    line = StageChange.objects.head()
    assert line is not None
    return line


def guard_ticked(at: datetime) -> None:
    """Have the guard's last look be at this time."""
    Guard.objects.update_or_create(defaults={"leader": uuid4(), "host": "web", "pid": 7, "ticked_at": at})


def judged(feature: str, at: datetime, reason: str = "not_enough_evidence", **columns: Any) -> Judgement:
    """Have the guard think this of a feature's present attempt."""
    flag = Flag.objects.named(feature)
    told = {"attempt": flag.attempt, "flag_version": flag.version, "verdict": "hold", "sentence": f"It is {reason}."}
    defaults = {"at": at, "reason": reason, **told, **columns}
    return Judgement.objects.update_or_create(flag=flag, defaults=defaults)[0]


def sampled(feature: str, at: datetime, arm: str = "candidate", resolution_s: int = 60, **sums: int) -> HealthSample:
    """Store calls of one operation of a feature as the workers count them."""
    counters = ("calls", "eligible", "client_errors", "failures", "recovered", "breaker", "bulkhead", "lost")
    return HealthSample.objects.create(
        resolution_s=resolution_s,
        at=at,
        feature=feature,
        operation="tests.any",
        arm=arm,
        total_ms=1.0,
        buckets=[],
        counts=[],
        **{name: sums.get(name, 0) for name in counters},
    )


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
