"""How a worker learns: one thread per serving process that reports once a second and hears of every change at once."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from multiprocessing.util import Finalize
from typing import Any, cast
from uuid import uuid4

import psycopg2
from django.conf import settings
from django.db import connection, connections

from rollout import forces, registry, statements
from rollout.breaker import breakers
from rollout.link import Link
from rollout.messenger import Messenger
from rollout.recording import Recorder, recorder
from rollout.snapshot import Holder, Snapshot, holder
from rollout.stages import Stage
from rollout.statements import Ask, Told, Worker

BEAT_EVERY_S = 1.0
FIRST_RETRY_S = 0.05
WAIT_FOR_BEAT_S = 0.25
"""The longest that a request waits for a view of the flags."""

LEAVE_WITHIN_S = 0.5

logger = logging.getLogger(__name__)


class Reporter:
    """What one worker says and learns in a beat, over whatever connection it is given."""

    def __init__(
        self, held: Holder, noted: Recorder = recorder, on_stalled_guard: Callable[[], None] = lambda: None
    ) -> None:
        self.held = held
        self.noted = noted
        self._on_stalled_guard = on_stalled_guard
        self.forces = forces.read(os.environ, settings.ROLLOUT["FEATURES"])
        self.worker = Worker(
            uuid4(), socket.gethostname(), os.getpid(), settings.ROLLOUT["RELEASE"], self.forces.report()
        )

    def beat(self, ask: Ask, now: datetime | None = None) -> None:
        """Report, and when the tables stand at another version than we do, load them and acknowledge at once."""
        stands = self._report(ask, now)
        if self.held.is_empty or stands != self.held.version:
            self.held.replace(self.load(ask))
            statements.report(ask, self.worker, Told(self.held.version, self.open_breakers()), now)
        self.held.confirm()

    def _report(self, ask: Ask, now: datetime | None = None) -> int:
        """Report with what was noted; a delivery that the tables refuse is given up, or it would block all others."""
        delivery = self.noted.next_delivery()
        told = Told(self.held.version, self.open_breakers(), delivery)
        try:
            stands, has_noticed = statements.report(ask, self.worker, told, now)
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            logger.error("The tables refuse what was noted of some calls: %s", error.pgcode)  # noqa: TRY400 it may quote people
            stands, has_noticed = statements.report(ask, self.worker, replace(told, delivery=None), now)
        self.noted.delivered(delivery)
        if has_noticed:
            logger.error("The guard has stopped looking: nothing is rolled back by itself.")
            self._on_stalled_guard()
        return stands

    def leave(self, ask: Ask) -> None:
        """Deliver what is still in hand and what came since, and have the worker forgotten."""
        while self.noted.next_delivery() is not None:
            self._report(ask)
        statements.leave(ask, self.worker)

    def open_breakers(self) -> list[str]:
        """Return the operations whose breaker is open, of attempts that still go on."""
        view = self.held.current()
        return [operation for operation, attempt in breakers.open_now() if _goes_on(view, operation, attempt)]

    def load(self, ask: Ask) -> Snapshot:
        """Return what the tables say now, under this process's forces; drills only where they are allowed here."""
        version, flags = statements.load(ask)
        if not settings.ROLLOUT["DRILLS"]:
            flags = [replace(flag, drills=()) for flag in flags]
        return Snapshot(flags, version=version, secret=settings.ROLLOUT["SECRET"], forces=self.forces)


class Pulse:
    """The thread of one process. It dies with the process and is never inherited: see `ensure_fresh`."""

    def __init__(self, reporter: Reporter, parameters: Mapping[str, Any]) -> None:
        self.pid = os.getpid()
        self._reporter = reporter
        self._link = Link(parameters)
        self._is_failing = False
        self._is_ending = False
        self._beaten = threading.Event()
        self._asking = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="rollout-pulse", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether this process has it running; a thread does not survive a fork."""
        return self.pid == os.getpid() and self._thread.is_alive()

    def refresh(self) -> None:
        """Have it beat now, and wait for that, 250 ms at most.

        One request waits while others go on with what they have; where there is nothing yet, all wait. While
        PostgreSQL is away nobody does.
        """
        if self._is_failing:
            return
        if self._reporter.held.is_empty:
            self._beaten.wait(WAIT_FOR_BEAT_S)
        elif self._asking.acquire(blocking=False):
            try:
                self._beaten.clear()
                self._link.wake()
                self._beaten.wait(WAIT_FOR_BEAT_S)
            finally:
                self._asking.release()

    def wake(self) -> None:
        """Have it beat now, without waiting for that."""
        self._link.wake()

    def stop(self) -> None:
        """Say farewell and end the thread; without an answer in half a second it is left to its lease."""
        self._is_ending = True
        self._link.wake()
        self._thread.join(LEAVE_WITHIN_S)

    def _run(self) -> None:
        pause_s = FIRST_RETRY_S
        while not self._is_ending:
            has_beaten = self._beat()
            self._beaten.set()
            self._link.wait(BEAT_EVERY_S if has_beaten else pause_s)
            pause_s = FIRST_RETRY_S if has_beaten else min(pause_s * 2, BEAT_EVERY_S)
        self._leave()

    def _beat(self) -> bool:
        """Beat, and say whether that succeeded."""
        try:
            self._reporter.beat(self._link.ask)
        except Exception as error:  # noqa: BLE001 the thread survives, decisions stay as they are
            if not self._is_failing:
                logger.warning("The pulse lost its database; decisions stay as they are. %s", error)
            self._is_failing = True
            return False
        if self._is_failing:
            logger.warning("The pulse has its database back, at version %s.", self._reporter.held.version)
        self._is_failing = False
        return True

    def _leave(self) -> None:
        try:
            self._reporter.leave(self._link.ask)
        except Exception as error:  # noqa: BLE001 the process ends anyway; its lease runs out
            logger.info("The worker could not say farewell: %s", error)
        self._link.close()


_pulse: Pulse | None = None
_starting = threading.Lock()
_reporter: Reporter | None = None


def ensure_fresh() -> None:
    """See, as a request begins, that this process has a pulse and a view that was confirmed lately.

    Does nothing where the settings say that there is no pulse. Takes 250 ms at most, and that only where there is no
    view yet or an old one, and PostgreSQL answers at all.
    """
    if not settings.ROLLOUT["PULSE"]:
        return
    running = _pulse if _pulse is not None and _pulse.is_alive else _started()
    if holder.is_stale:
        running.refresh()


def is_running() -> bool:
    """Whether this process has a pulse."""
    return _pulse is not None and _pulse.is_alive


def hurry() -> None:
    """Have this process report at once: a breaker has opened. Without a pulse there is nobody to tell."""
    running = _pulse
    if running is not None and running.is_alive:
        running.wake()


def stop() -> None:
    """End this process's pulse, if it has one; its row goes with it."""
    global _pulse
    running, _pulse = _pulse, None
    if running is not None and running.is_alive:
        running.stop()


def beat(now: datetime | None = None) -> None:
    """Beat once over the caller's own connection, so that a test's uncommitted rows count."""
    _own_reporter().beat(_ask_django, now)


def view() -> Snapshot:
    """Return what this process would decide by, read now; for commands, which have no pulse and report nothing."""
    return _own_reporter().load(_ask_django)


def _goes_on(view: Snapshot, operation: str, attempt: int) -> bool:
    flag = view.flags.get(registry.operations().get(operation, ""))
    return flag is not None and flag.attempt == attempt and flag.stage not in {Stage.DISABLED, Stage.COMPLETE}


def _started() -> Pulse:
    global _pulse
    with _starting:
        if _pulse is None or not _pulse.is_alive:
            _pulse = Pulse(
                Reporter(holder, on_stalled_guard=Messenger().ring), connections["default"].get_connection_params()
            )
            # Unlike atexit this also runs at the end of a process of multiprocessing, as some servers' workers are.
            Finalize(None, stop, exitpriority=1)
        return _pulse


def _own_reporter() -> Reporter:
    global _reporter
    if _reporter is None or _reporter.worker.pid != os.getpid():
        _reporter = Reporter(holder)
    return _reporter


def _ask_django(statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, cast("Mapping[str, Any]", values))
        return list(cursor.fetchall()) if cursor.description else []


def _forget() -> None:
    """In a forked child: what the parent's thread held is not ours."""
    global _pulse, _starting
    _pulse = None
    _starting = threading.Lock()


os.register_at_fork(after_in_child=_forget)
