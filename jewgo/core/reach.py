"""Whether the servers that everything stands on answer, and how fast; each call asks."""

import time
from collections.abc import Callable

from django.db import Error, connection

from jewgo.core.resilient import is_redis_there


def database_ms() -> float | None:
    """Return how long PostgreSQL took to answer, in milliseconds; None when it does not.

    Asks on the connection of the calling thread, and gives up one that is lost, so that the next call makes another.
    """
    return _timed(_ask_database)


def cache_ms() -> float | None:
    """Return how long Redis itself took to answer, past the memory that stands in for it; None when it does not."""
    return _timed(is_redis_there)


def _ask_database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connection.close_if_unusable_or_obsolete()
        return False
    return True


def _timed(ask: Callable[[], bool]) -> float | None:
    start = time.perf_counter()
    return round((time.perf_counter() - start) * 1000, 2) if ask() else None
