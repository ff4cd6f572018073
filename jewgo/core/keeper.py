"""Keeps one server running while somebody holds its lease."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from jewgo.core.places import LocalError, Place
from jewgo.core.processes import free_port, tied_to
from jewgo.core.servers import Server

TICK_S = 0.1
STOP_LIMIT_S = 10.0


class Keeper:
    """Keeps one server in the state that its lease asks for; `tick` never raises for what a server does."""

    def __init__(self, server: Server, sockets: Path, recorded: dict[str, Any]) -> None:
        self.server = server
        self.sockets = sockets
        self.port: int = recorded.get("port") or free_port(None)
        self.recorded_pid: int | None = recorded.get("pid")
        self.process: subprocess.Popen[bytes] | None = None
        self.is_serving = False
        self.problem: str | None = None
        self.failures = 0
        self.retry_at = 0.0
        self.last_wanted_at = time.monotonic()
        self._lease = os.open(lease_of(server.place, server.name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def tick(self, now: float, linger_s: float) -> None:
        """Start it, notice that it serves or died, or stop it when nobody has wanted it for `linger_s`."""
        if not self.claim():
            self.last_wanted_at = now
            self._keep(now)
        elif self.process is not None and now - self.last_wanted_at > linger_s:
            self.stop()
        else:
            self.unclaim()

    def claim(self) -> bool:
        """Take the lease for ourselves if no client holds it: whoever comes now waits until we give it back."""
        try:
            fcntl.flock(self._lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unclaim(self) -> None:
        fcntl.flock(self._lease, fcntl.LOCK_UN)

    @property
    def state(self) -> dict[str, Any]:
        pid = self.process.pid if self.process else self.recorded_pid
        return {"port": self.port, "pid": pid, "serves": self.is_serving, "problem": self.problem}

    def _keep(self, now: float) -> None:
        if self.process is None:
            if now >= self.retry_at:
                self._start(now)
        elif self.process.poll() is not None:
            self._note_end(self.process, now)
        elif not self.is_serving and self.server.serves(self.port):
            self.is_serving, self.problem, self.failures = True, None, 0

    def _note_end(self, process: subprocess.Popen[bytes], now: float) -> None:
        say(f"{self.server.name} (pid {process.pid}) ended with {process.returncode}; it is started again")
        if not self.is_serving:
            self._note_failure(f"{self.server.name} ended before it served; see {self._log}", now)
        self.process, self.is_serving = None, False

    def _note_failure(self, problem: str, now: float) -> None:
        self.failures += 1
        self.retry_at = now + min(2.0, TICK_S * 2**self.failures)
        if self.failures >= 5:
            self.problem = problem

    def _start(self, now: float) -> None:
        try:
            self._end_left_over()
            self.server.prepare()
            self.port = free_port(self.port)
            self.process = self._spawn()
        except (LocalError, OSError) as error:
            self.failures = max(self.failures, 5)
            self._note_failure(str(error), now)
            say(f"{self.server.name} cannot start: {error}")

    def _end_left_over(self) -> None:
        pid = self.server.left_over(self.recorded_pid)
        if pid is not None:
            say(f"ending {self.server.name} (pid {pid}), left over from an earlier start")
            end_stranger(pid, self.server)
        self.recorded_pid = None

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log, tempfile.TemporaryFile() as configuration:
            configuration.write(self.server.configuration(self.port).encode())
            configuration.seek(0)
            return subprocess.Popen(
                self.server.command(self.port, self.sockets),
                stdin=configuration,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=tied_to(os.getpid(), self.server.stop_signal),
                **self.server.place.account.popen_arguments,
            )

    @property
    def _log(self) -> Path:
        return self.server.place.path / f"{self.server.name}.log"

    def stop(self) -> None:
        """End the server, orderly if it can be; returns when it is gone. The lease stays claimed until then."""
        self.is_serving = False
        if self.process is not None:
            self.process.send_signal(self.server.stop_signal)
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None


def lease_of(place: Place, name: str) -> Path:
    """Return the file that every client of the service `name` holds a shared lock on while it needs the service."""
    return place.path / f"{name}.lease"


def end_stranger(pid: int, server: Server) -> None:
    """End a server that is not our child: orderly, then for good."""
    for end in (server.stop_signal, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, end)
        until = time.monotonic() + STOP_LIMIT_S
        while server.left_over(pid) == pid and time.monotonic() < until:
            time.sleep(TICK_S / 4)


def say(message: str) -> None:
    """Write a line to the log of the place."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}", file=sys.stderr, flush=True)  # noqa: T201
