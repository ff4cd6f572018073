"""The one process that keeps a place's PostgreSQL and Valkey running while somebody holds their lease."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jewgo.core.keeper import TICK_S, Keeper
from jewgo.core.places import Place
from jewgo.core.servers import SERVERS

LINGER_S = 1.0
"""How long servers outlive their last lease: a row of commands shares one start."""


SHORT = "/tmp"  # noqa: S108 -- mkdtemp makes a private directory below it
"""Sockets lie here whatever TMPDIR says: a socket's path has 107 bytes at most."""


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


def fresh_sockets(left_over: str | None) -> Path:
    """Return a new directory; clears that of a supervisor that was killed."""
    if left_over and Path(left_over).match(f"{SHORT}/jewgo-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix="jewgo-", dir=SHORT))


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
