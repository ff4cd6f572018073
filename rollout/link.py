"""The pulse's own connection to PostgreSQL: never waits beyond a deadline, listens while it is idle."""

import socket
from collections.abc import Mapping
from selectors import EVENT_READ, EVENT_WRITE, PollSelector
from time import monotonic
from typing import Any

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE

CHANNEL = "rollout"

Row = tuple[Any, ...]

_EVENTS = {POLL_READ: EVENT_READ, POLL_WRITE: EVENT_WRITE}


class LinkTimeout(Exception):
    """PostgreSQL did not answer in time; the connection was given up."""


class Link:
    """One connection in libpq's non-blocking mode, made when it is needed and again after it was lost.

    Used by one thread; `wake` alone may be called by any. Blocking mode would hang for minutes on a host that died.
    """

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._parameters = dict(parameters)
        self._connection: Any = None
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)

    def ask(self, statement: str, values: Mapping[str, object], *, timeout_s: float = 1.0) -> list[Row]:
        """Return the rows of one autocommitted statement; connects first when there is no connection.

        Raises psycopg2.Error or LinkTimeout, after which the next call begins with a new connection.
        """
        deadline = monotonic() + timeout_s
        try:
            if self._connection is None:
                self._connect(deadline)
            return self._execute(statement, values, deadline)
        except (psycopg2.Error, LinkTimeout):
            self._drop()
            raise

    def wait(self, seconds: float) -> None:
        """Return once PostgreSQL has notified, somebody has called `wake`, the connection is lost, or time is over.

        What was notified since the last `wait` counts: it may have come with the answer to a question.
        """
        if self._has_heard():
            return
        watched = [self._ear] if self._connection is None else [self._ear, self._connection]
        readable = _ready(dict.fromkeys(watched, EVENT_READ), seconds)
        if self._ear in readable:
            self._ear.recv(4096)
        if self._connection in readable:
            self._has_heard()

    def wake(self) -> None:
        """End a `wait` of the other thread, or the next one."""
        try:
            self._bell.send(b"!")
        except OSError:
            return  # enough calls wait to be heard already, or nobody is left to hear them

    def close(self) -> None:
        """Give up everything that the link holds open."""
        self._drop()
        self._ear.close()
        self._bell.close()

    def _connect(self, deadline: float) -> None:
        self._connection = psycopg2.connect(**self._parameters, async_=1)
        self._settle(deadline)
        try:
            self._execute(f"LISTEN {CHANNEL}", {}, deadline)
        except psycopg2.Error:  # a pooler that cannot: then asking once a second has to do
            if self._connection.closed:
                raise

    def _execute(self, statement: str, values: Mapping[str, object], deadline: float) -> list[Row]:
        cursor = self._connection.cursor()
        cursor.execute(statement, values)
        self._settle(deadline)
        return list(cursor.fetchall()) if cursor.description else []

    def _settle(self, deadline: float) -> None:
        """Drive the connection until it has nothing left to do."""
        while (state := self._connection.poll()) != POLL_OK:
            if not _ready({self._connection: _EVENTS[state]}, max(deadline - monotonic(), 0)):
                raise LinkTimeout(f"no answer from {self._parameters.get('host') or 'the local socket'}")

    def _has_heard(self) -> bool:
        """Take in what PostgreSQL sent by itself; say whether it notified us, or ended the connection."""
        if self._connection is None:
            return False
        try:
            self._connection.poll()  # what came with the last answer was read then, but is told only now
            while _ready({self._connection: EVENT_READ}, 0):  # a farewell and the end come separately
                self._connection.poll()
        except psycopg2.Error:
            self._drop()
            return True
        has_heard = bool(self._connection.notifies)
        self._connection.notifies.clear()
        return has_heard

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _ready(watched: Mapping[Any, int], timeout_s: float) -> set[Any]:
    """Return which of the files are ready for their event; select(2) would refuse descriptors from 1,024 on."""
    with PollSelector() as selector:
        for file, event in watched.items():
            selector.register(file, event)
        return {key.fileobj for key, _ in selector.select(timeout_s)}
