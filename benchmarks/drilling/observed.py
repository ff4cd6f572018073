"""What the installation itself says of a drill: its ledger, its workers, its counters and its rows."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import psycopg2

from tests.journeys.service import Service

T = TypeVar("T")

LOOK_EVERY_S = 0.02
SETTLE_LIMIT_S = 10.0
"""Counters are delivered once a second; what is not there after ten is lost."""

Sums = Counter[tuple[str, str]]
"""Calls by operation and arm."""

_ROLLBACK = """
SELECT feature, extract(epoch FROM at)::float8, evidence->>'reason', reason FROM rollout_stagechange
WHERE id > %s AND move = 'rollback' AND actor = 'guard' ORDER BY id
"""
_FOLLOWED = """
SELECT bool_and(worker.version >= control.version), extract(epoch FROM max(worker.applied_at))::float8
FROM rollout_worker worker, rollout_control control
WHERE worker.seen_at > clock_timestamp() - interval '5 s' HAVING count(*) > 0
"""
_SUMS = """
WITH marks AS (
    SELECT coalesce((SELECT max(at) + interval '1 h' FROM rollout_healthsample WHERE resolution_s = 3600), '-infinity')
        AS hours,
        coalesce((SELECT max(at) + interval '1 min' FROM rollout_healthsample WHERE resolution_s = 60), '-infinity')
        AS minutes
)
SELECT operation, arm, sum(calls)::bigint FROM rollout_healthsample, marks
WHERE arm <> 'contract' AND (resolution_s = 3600 OR (resolution_s = 60 AND at >= hours)
    OR (resolution_s = 1 AND at >= greatest(hours, minutes))) GROUP BY operation, arm
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A rollback by the guard, as the ledger has it."""

    feature: str
    at: float
    reason: str
    sentence: str
    unseen_at: float = 0.0
    """When it had not been committed yet: at most a look before it was."""


class Observer:
    """Somebody who looks at the tables of an installation, often and over one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of one statement."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def last_line(self) -> int:
        """Return the number of the ledger's last line."""
        return int(self.rows("SELECT coalesce(max(id), 0) FROM rollout_stagechange")[0][0])

    def rollbacks(self, since: int) -> list[Line]:
        """Return what the guard has rolled back after this line of the ledger."""
        return [Line(*row) for row in self.rows(_ROLLBACK, since)]

    def rolled_back(self, feature: str, since: int, within_s: float) -> Line | None:
        """Wait for the guard to roll a feature back; None when it has not in that time."""
        unseen_at, end = time.time(), time.monotonic() + within_s
        while time.monotonic() < end:
            began_at = time.time()
            for line in self.rollbacks(since):
                if line.feature == feature:
                    return replace(line, unseen_at=unseen_at)
            unseen_at = began_at
            time.sleep(LOOK_EVERY_S)
        return None

    def reached_all_at(self, within_s: float = 10.0) -> float | None:
        """Wait until every worker has applied the newest version; return when the last had, or None."""
        return _until(self._followed, within_s)

    def _followed(self) -> float | None:
        found = self.rows(_FOLLOWED)
        return float(found[0][1]) if found and found[0][0] else None

    def sums(self) -> Sums:
        """Return all calls by operation and arm: hours, the minutes after them, the seconds after those."""
        return Counter({(operation, arm): int(calls) for operation, arm, calls in self.rows(_SUMS)})

    def settled(self, expected: Sums) -> Sums:
        """Wait for counters to become what is expected, and return what they are."""
        _until(lambda: self.sums() == expected or None, SETTLE_LIMIT_S)
        return self.sums()

    def resting(self) -> Sums:
        """Wait until nothing more arrives, and return the counters."""
        before = self.sums()
        while True:
            time.sleep(1.5)
            now = self.sums()
            if now == before:
                return now
            before = now

    def rows_named(self, prefix: str) -> Counter[str]:
        """Return how many places there are of each name that begins so."""
        found = self.rows(
            "SELECT name, count(*) FROM restaurants_restaurant WHERE starts_with(name, %s) GROUP BY name", prefix
        )
        return Counter({name: int(count) for name, count in found})


@contextmanager
def observing(service: Service) -> Iterator[Observer]:
    """Yield an observer of the installation."""
    connection = psycopg2.connect(service.env["DATABASE_URL"], connect_timeout=2)
    connection.autocommit = True
    try:
        yield Observer(connection)
    finally:
        connection.close()


def missing(expected: Sums, found: Sums) -> int:
    """Return by how many calls two counts differ, over all operations and arms."""
    return sum(abs(expected[key] - found[key]) for key in expected.keys() | found.keys())


def counted(answers: Iterable[Any]) -> Sums:
    """Return the answers of a switch by operation and arm, as the client counts them."""
    return Counter((one.ask.operation, one.arm) for one in answers if one.served)


def _until(look: Callable[[], T | None], within_s: float) -> T | None:
    """Look until something is found; None when nothing was in that time."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        time.sleep(LOOK_EVERY_S)
    return None
