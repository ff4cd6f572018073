"""The one process that keeps a place's PostgreSQL and Valkey running while somebody holds their lease."""

import argparse
import ctypes
import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jewgo.core.places import LocalError, Place
from jewgo.core.servers import SERVERS, Server

LINGER_S = 1.0
"""How long servers outlive their last lease: a row of commands shares one start."""

TICK_S = 0.1
STOP_LIMIT_S = 10.0
KEPT_PORTS = range(20_000, 32_000)
"""Below Linux's ephemeral range: a port kept over restarts is not taken meanwhile by somebody's outgoing connection."""

SHORT = "/tmp"  # noqa: S108 -- mkdtemp makes a private directory below it
"""Sockets lie here whatever TMPDIR says: a socket's path has 107 bytes at most."""

PR_SET_PDEATHSIG = 1


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
                preexec_fn=tied_to_us(self.server.stop_signal),
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


class Supervisor:
    """Runs until nobody holds a lease, or SIGTERM. Its place's lock is held by whoever starts it, and inherited."""

    def __init__(self, place: Place) -> None:
        self.place = place
        recorded = place.read_state()
        self.sockets = fresh_sockets(recorded.get("sockets"))
        place.account.own(self.sockets)
        self.keepers = [Keeper(kind(place), self.sockets, recorded.get(kind.name, {})) for kind in SERVERS]
        self.is_asked_to_stop = False
        self._published: dict[str, Any] = {}

    def run(self) -> None:
        """Serve the leases; returns when all servers have ended."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._ask_to_stop)
        self._publish()
        while not (self.is_asked_to_stop or self._nobody_is_left()):
            for keeper in self.keepers:
                keeper.tick(time.monotonic(), self._linger_s)
            self._publish()
            time.sleep(TICK_S if all(keeper.is_serving for keeper in self.keepers) else TICK_S / 4)
        for keeper in self.keepers:
            keeper.stop()
        self._publish()
        shutil.rmtree(self.sockets, ignore_errors=True)

    @property
    def _linger_s(self) -> float:
        """Do not wait with a problem: what mends it may be in the environment of the next supervisor (PG_BIN)."""
        return 0.0 if any(keeper.problem for keeper in self.keepers) else LINGER_S

    def _ask_to_stop(self, *_: object) -> None:
        self.is_asked_to_stop = True

    def _nobody_is_left(self) -> bool:
        """Claim every lease if no server runs any more; claimed for good, so that no client slips in while we leave."""
        if any(keeper.process for keeper in self.keepers):
            return False
        claimed = [keeper for keeper in self.keepers if keeper.claim()]
        if len(claimed) == len(self.keepers):
            return True
        for keeper in claimed:
            keeper.unclaim()
        return False

    def _publish(self) -> None:
        state = {keeper.server.name: keeper.state for keeper in self.keepers}
        if state != self._published:
            self.place.write_state({**state, "supervisor": os.getpid(), "sockets": str(self.sockets)})
            self._published = state


def lease_of(place: Place, name: str) -> Path:
    """Return the file that every client of the service `name` holds a shared lock on while it needs the service."""
    return place.path / f"{name}.lease"


def fresh_sockets(left_over: str | None) -> Path:
    """Return a new directory; clears that of a supervisor that was killed."""
    if left_over and Path(left_over).match(f"{SHORT}/jewgo-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix="jewgo-", dir=SHORT))


def tied_to_us(end: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before it becomes a server: the kernel will send it `end` when this process dies.

    Run after the change of user, which would clear the request. Where there is no prctl, a left-over is ended by the
    next supervisor instead.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    parent = os.getpid()

    def request() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(end))
        if os.getppid() != parent:
            os._exit(1)

    return request


def end_stranger(pid: int, server: Server) -> None:
    """End a server that is not our child: orderly, then for good."""
    for end in (server.stop_signal, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(pid, end)
        until = time.monotonic() + STOP_LIMIT_S
        while server.left_over(pid) == pid and time.monotonic() < until:
            time.sleep(TICK_S / 4)


def free_port(kept: int | None) -> int:
    """Return `kept` if nobody listens there, else another free port of the loopback interface."""
    candidates = random.sample(KEPT_PORTS, 100)
    found = next((port for port in ([kept, *candidates] if kept else candidates) if is_free(port)), None)
    if found is None:
        raise LocalError("no free port was found on 127.0.0.1")
    return found


def is_free(port: int) -> bool:
    """Say whether nobody listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return False
    return True


def say(message: str) -> None:
    """Write a line to the log of the place."""
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}", file=sys.stderr, flush=True)  # noqa: T201


def main(arguments: Sequence[str]) -> None:
    """Become a process of its own, out of reach of the terminal's Ctrl-C, and supervise."""
    parser = argparse.ArgumentParser(prog="jewgo.core.supervisor")
    parser.add_argument("path", type=Path)
    parser.add_argument("--throwaway", action="store_true")
    given = parser.parse_args(arguments)
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    place = Place(given.path, is_throwaway=given.throwaway)
    log = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(log, standard)
    Supervisor(place).run()
    if place.is_throwaway:
        place.discard()


if __name__ == "__main__":
    main(sys.argv[1:])
