"""The connection of a thread to PostgreSQL."""

import select
from typing import Final

from django.db.backends.postgresql import base
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS

_GOOD: Final = frozenset({TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS})
"""A transaction that has failed takes no further statement; the client's library knows, without asking."""


class DatabaseWrapper(base.DatabaseWrapper):
    """A kept connection is usable while its socket has nothing to say.

    Django's own check (CONN_HEALTH_CHECKS) is a `SELECT 1` before the first query of every request: a round trip. A
    server that ends a connection, or ends itself, has sent so (an error, or FIN) and the socket is readable; only then
    the server is asked. A host that vanished without a word would not have answered the `SELECT 1` either: that is for
    TCP's keepalives (settings).
    """

    def is_usable(self) -> bool:
        """Return whether the connection still stands."""
        if self.connection is None or self.connection.closed:
            return False
        is_quiet = not _has_something_to_say(self.connection.fileno())
        return (is_quiet and self.connection.get_transaction_status() in _GOOD) or super().is_usable()


def _has_something_to_say(descriptor: int) -> bool:
    """Return whether the server sent what nobody asked for, or hung up; `poll`, as descriptors may be above 1,023."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(0))
