"""Worker processes for the tests, driven over their standard input, on the test's own database."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

FEATURE = "api_v4_enabled"


def database_url(**elsewhere: Any) -> str:
    """Return the test database's address, as a process of its own is told it."""
    place = {name.lower(): value for name, value in connection.settings_dict.items()} | elsewhere
    return "postgres://{user}:{password}@{host}:{port}/{name}".format(**place)


class Process:
    """One worker process, driven over its standard input."""

    def __init__(self, *how: str, **environ: str) -> None:
        told = {"DJANGO_SETTINGS_MODULE": "jewgo.settings", "ROLLOUT_PULSE": "on", "DATABASE_URL": database_url()}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.rollout.worker", FEATURE, *how],
            env=os.environ | told | environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.pid = self._child.pid

    def wait_until_ready(self) -> None:
        assert self._read() == "ready"

    def decide(self, identity: str) -> list[Any]:
        assert self._child.stdin
        self._child.stdin.write(f"{identity}\n")
        self._child.stdin.flush()
        answer: list[Any] = json.loads(self._read())
        return answer

    def leave(self) -> None:
        """Let it end as a process that is told to stop ends."""
        assert self._child.stdin
        self._child.stdin.close()
        self._child.wait(10)

    def end(self) -> None:
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def signal(self, number: int) -> None:
        self._child.send_signal(number)

    def _read(self) -> str:
        assert self._child.stdout
        return self._child.stdout.readline().strip()


def eventually(condition: Callable[[], bool], within_s: float = 5) -> float:
    """Wait until `condition` holds and return how long that took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < within_s, "it did not happen in time"
        time.sleep(0.002)
    return time.monotonic() - start
