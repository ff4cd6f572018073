"""Ports and processes of this machine: which port is free, and how a child ends with its parent."""

import ctypes
import os
import random
import signal
import socket
from collections.abc import Callable

from jewgo.core.places import LocalError

KEPT_PORTS = range(20_000, 32_000)
"""Below Linux's ephemeral range: a port kept over restarts is not taken meanwhile by somebody's outgoing connection."""

PR_SET_PDEATHSIG = 1


def tied_to(parent: int, end: signal.Signals) -> Callable[[], None]:
    """Return what a child of `parent` runs to be tied to it: the kernel will send it `end` when the parent dies.

    For a server it has to run after the change of user, which would clear the request. Where there is no prctl nothing
    is requested: the next supervisor ends a left-over.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def request() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(end))
        if os.getppid() != parent:
            os._exit(1)

    return request


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
