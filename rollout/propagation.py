"""How far a change has got: which workers decide by which version."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db import connection

LEASE_S = 5.0
"""A worker that has not reported for this long is unconfirmed: it may serve by an older version."""

GONE_AFTER_S = 60.0
"""After this long it is not waited for any more."""

POLL_EVERY_S = 0.05

_WORKERS = """
SELECT c.version, w.host, w.pid, w.release, w.version, w.forces,
       extract(epoch FROM clock_timestamp() - w.seen_at)::float8,
       CASE WHEN w.version = c.version AND w.started_at <= c.changed_at
            THEN extract(epoch FROM w.applied_at - c.changed_at)::float8 END
FROM rollout_control c LEFT JOIN rollout_worker w ON w.seen_at > clock_timestamp() - make_interval(secs => %s)
ORDER BY w.host, w.pid
"""


@dataclass(frozen=True, slots=True)
class WorkerView:
    """One worker as the tables show it. `lag_s` is how long the newest change took to reach it, where it has."""

    host: str
    pid: int
    release: str
    version: int
    forces: Mapping[str, str]
    seen_ago_s: float
    lag_s: float | None

    @property
    def name(self) -> str:
        """Host and process id."""
        return f"{self.host}/{self.pid}"

    @property
    def is_confirmed(self) -> bool:
        """Whether its lease still runs."""
        return self.seen_ago_s <= LEASE_S


@dataclass(frozen=True, slots=True)
class Propagation:
    """Who has applied `version`, of everybody who reported within the last minute."""

    version: int
    workers: tuple[WorkerView, ...]

    @property
    def current(self) -> tuple[WorkerView, ...]:
        """Live workers that decide by the version."""
        return tuple(worker for worker in self.workers if worker.is_confirmed and worker.version >= self.version)

    @property
    def behind(self) -> tuple[WorkerView, ...]:
        """Live workers that decide by an older one."""
        return tuple(worker for worker in self.workers if worker.is_confirmed and worker.version < self.version)

    @property
    def unconfirmed(self) -> tuple[WorkerView, ...]:
        """Workers whose lease has run out: nobody knows what they serve."""
        return tuple(worker for worker in self.workers if not worker.is_confirmed)

    @property
    def is_done(self) -> bool:
        """Whether every live worker has applied the version and none is unconfirmed."""
        return len(self.current) == len(self.workers)

    @property
    def slowest_s(self) -> float | None:
        """How long the change took to the last worker that it had to reach; None when it reached none yet."""
        return max((worker.lag_s for worker in self.current if worker.lag_s is not None), default=None)

    @property
    def forces(self) -> dict[str, Mapping[str, str]]:
        """What the environments of workers force, whatever the tables say: worker → variables."""
        return {worker.name: worker.forces for worker in self.workers if worker.forces}

    def __str__(self) -> str:
        if not self.workers:
            return f"no worker is running; whichever starts will begin with version {self.version}"
        said = f"{len(self.current)}/{len(self.workers)} workers on version {self.version}"
        if self.slowest_s is not None:
            said += f", slowest {self.slowest_s:.1f} s"
        if self.behind:
            said += f"; behind: {_names(self.behind)}"
        if self.unconfirmed:
            said += f"; unconfirmed, not heard from for over {LEASE_S:.0f} s: {_names(self.unconfirmed)}"
        return said


def control_version() -> int:
    """Return the version that every worker shall apply; inside a transaction, the one that it will leave."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM rollout_control")
        (version,) = cursor.fetchone() or (0,)
    return int(version)


def propagation(version: int | None = None) -> Propagation:
    """Return who has applied `version` (by default the newest). One query; ages are by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(_WORKERS, [GONE_AFTER_S])
        rows = cursor.fetchall()
    newest = rows[0][0] if rows else 0
    return Propagation(newest if version is None else version, tuple(_worker(*row[1:]) for row in rows if row[1]))


def wait_until_applied(
    version: int,
    timeout_s: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    told: Callable[[Propagation], None] = lambda _: None,
) -> Propagation:
    """Wait until every live worker has applied `version`, or `timeout_s` is over: ask the answer's `is_done`.

    `told` hears of every look.
    """
    deadline = clock() + timeout_s
    while True:
        seen = propagation(version)
        told(seen)
        if seen.is_done or clock() >= deadline:
            return seen
        sleep(POLL_EVERY_S)


def _worker(
    host: str, pid: int, release: str, version: int, forces: str, seen_ago_s: float, lag_s: float | None
) -> WorkerView:
    return WorkerView(host, pid, release, version, json.loads(forces), seen_ago_s, lag_s)  # jsonb comes as text


def _names(workers: tuple[WorkerView, ...]) -> str:
    return ", ".join(worker.name for worker in workers)
