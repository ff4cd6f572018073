"""The thread that sends what is in the outbox: a receiver that is slow delays neither the guard nor a worker."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import connection
from django.utils import timezone

from rollout.outbox import Delivered, deliver_due

SHORTEST_S, LONGEST_S = 1.0, 60.0

logger = logging.getLogger(__name__)


class Messenger:
    """Sends while anything is waiting, and then ends; `ring` begins it, and may be called by any thread at any time."""

    def __init__(
        self,
        deliver: Callable[[datetime], Delivered] = deliver_due,
        clock: Callable[[], datetime] = timezone.now,
    ) -> None:
        self._deliver = deliver
        self._clock = clock
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Say that something may be due; returns at once."""
        with self._lock:
            self._bell.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="rollout-messenger", daemon=True)
                self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Let it finish the message in its hands, and end; what is left waits in the outbox."""
        self._is_ending = True
        self._bell.set()
        self.join(timeout_s)

    def join(self, timeout_s: float) -> None:
        """Wait until nothing is waiting any more, `timeout_s` at most."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while not self._is_ending and (seconds := self._round()) is not None:
                self._bell.wait(seconds)
        finally:
            connection.close()

    def _round(self) -> float | None:
        """Send what is due; return in how many seconds to look again, None when this thread has ended."""
        self._bell.clear()
        try:
            left = self._deliver(self._clock())
        except Exception as error:  # noqa: BLE001 the thread survives; the outbox keeps what it holds
            logger.warning("the outbox cannot be read", extra={"fields": {"error": type(error).__name__}})
            connection.close()
            return LONGEST_S
        return self._until_next(left)

    def _until_next(self, left: Delivered) -> float | None:
        with self._lock:
            if self._is_ending or (left.next_at is None and not self._bell.is_set()):
                self._thread = None
                return None
        seconds = (left.next_at - self._clock()).total_seconds() if left.next_at else 0
        return min(max(seconds, SHORTEST_S), LONGEST_S)
