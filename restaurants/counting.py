"""Views and shares of places: counted in memory, written by one statement every few seconds."""

import atexit
import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from django.db import DatabaseError, connection

Kind = Literal["views", "shares"]
EVERY_S: Final = 10.0
"""What a worker that is killed outright has not written yet is lost: at most so many seconds of its counts."""
MOST: Final = 100_000
"""Of what could not be written; more is dropped, and said."""

_WRITE: Final = """
    INSERT INTO restaurants_attention AS kept (restaurant_id, day, views, shares)
    SELECT r.id, seen.day, seen.views, seen.shares
      FROM unnest(%s::bigint[], %s::date[], %s::int[], %s::int[]) AS seen (restaurant_id, day, views, shares)
      JOIN restaurants_restaurant r ON r.id = seen.restaurant_id
     ORDER BY r.id, seen.day
    ON CONFLICT (restaurant_id, day)
    DO UPDATE SET views = kept.views + excluded.views, shares = kept.shares + excluded.shares
"""

logger = logging.getLogger(__name__)


def _today() -> date:
    return datetime.now(UTC).date()


class Tally:
    """The counts of one process. Any thread may note; whoever notes when it is time also writes."""

    def __init__(
        self,
        *,
        every_s: float = EVERY_S,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], date] = _today,
    ) -> None:
        self.every_s, self.clock, self.today = every_s, clock, today
        self._counts: Counter[tuple[int, date, Kind]] = Counter()
        self._lock = threading.Lock()
        self._next = clock() + every_s

    def note(self, kind: Kind, restaurant_id: int) -> None:
        """Count one; costs a dictionary's update, and each `every_s` seconds one statement."""
        with self._lock:
            if len(self._counts) < MOST:
                self._counts[restaurant_id, self.today(), kind] += 1
            is_time = self.clock() >= self._next
            if is_time:
                self._next = self.clock() + self.every_s
        if is_time:
            self.write()

    def leave(self) -> None:
        """Write what is in hand as the process ends; there is nobody left to tell, and no next time."""
        with contextlib.suppress(Exception):
            _write(self._counts)

    def write(self) -> None:
        """Write what is in hand; keep it for the next time where the database is away."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        try:
            _write(counts)
        except DatabaseError:
            logger.warning("Views and shares of places could not be written; they are kept for the next time.")
            with self._lock:
                self._counts.update(counts)


def _write(counts: Counter[tuple[int, date, Kind]]) -> None:
    if not counts:
        return
    rows = sorted({(place, day) for place, day, _ in counts})
    columns: list[Any] = [
        [place for place, _ in rows],
        [day for _, day in rows],
        [counts[place, day, "views"] for place, day in rows],
        [counts[place, day, "shares"] for place, day in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, columns)


tally: Final = Tally()
atexit.register(tally.leave)
