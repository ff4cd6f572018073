"""Guards as real processes, which a test can watch, pause and kill."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tests.rollout.control import python

LIMIT_S = 60.0
"""Longer than anything takes on a slow machine; reaching it is a failure."""

COMMAND = """
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "rollout_guard", *sys.argv[1:]])
"""


class GuardProcess:
    """A Python process whose lines are collected while it runs."""

    def __init__(self, code: str, *arguments: str, database_url: str = "") -> None:
        self.process = python(code, *arguments, database_url=database_url)
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))
        ]
        for reader in self._readers:
            reader.start()

    def has_said(self, text: str) -> bool:
        """Whether some line of either stream has the text."""
        return any(text in line for line in [*self.out, *self.err])

    def wait_for(self, text: str) -> None:
        """Wait until it has said the text; fail if it ends before."""
        until(lambda: self.has_said(text) or self.process.poll() is not None, f"{text!r} in {self.err}")
        self._join_if_ended()
        assert self.has_said(text), f"it ended with {self.process.returncode}: {self.err}"

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Wait for its end and return its exit code."""
        code = self.process.wait(LIMIT_S)
        self._join_if_ended()
        return code

    def close(self) -> None:
        """End it, whatever it does, and let go of its pipes."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(LIMIT_S)
        self._join_if_ended()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _join_if_ended(self) -> None:
        if self.process.poll() is not None:
            for reader in self._readers:
                reader.join(LIMIT_S)

    @staticmethod
    def _read(pipe: Any, into: list[str]) -> None:
        for line in pipe:
            into.append(line)  # noqa: PERF402 each as soon as it comes


@contextmanager
def guard(*arguments: str, code: str = COMMAND, database_url: str = "") -> Iterator[GuardProcess]:
    """Run a guard inside the block; by default the command with these arguments."""
    running = GuardProcess(code, *arguments, database_url=database_url)
    try:
        yield running
    finally:
        running.close()


def until(is_so: Callable[[], bool], what: str = "") -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise subprocess.TimeoutExpired(what or str(is_so), LIMIT_S)
        time.sleep(0.02)
