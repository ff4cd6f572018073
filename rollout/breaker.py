"""A worker's own protection: it stops asking a v4 that fails everybody, long before anybody has decided anything.

One breaker for each operation and attempt. It opens after five failures in a row, of at least three identities, within
ten seconds; while it is open v3 answers at once and one call a second tries v4. A single client that repeats its
failing request opens nothing.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

FAILURES = 5
IDENTITIES = 3
WITHIN_S = 10.0
PROBE_EVERY_S = 1.0


@dataclass(slots=True)
class Breaker:
    """The state of one operation's breaker; times are of the clock that the caller reads."""

    failures: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=FAILURES))
    """The last failures in a row: when, and who met them."""
    tried_at: float | None = None
    """When v4 was asked last while open; None while closed."""

    def is_open(self, now: float) -> bool:
        """Say whether v4 is not to be asked; one that saw no failure for ten seconds has nothing to say any more."""
        return self.tried_at is not None and now - self.failures[-1][0] < WITHIN_S

    def allows(self, now: float) -> bool:
        """Say whether this call may ask v4: always while closed, once a second while open."""
        if not self.is_open(now):
            return True
        if now - (self.tried_at or 0.0) < PROBE_EVERY_S:
            return False
        self.tried_at = now
        return True

    def failed(self, identity: str, now: float) -> bool:
        """Note a failure that nobody anticipated, and say whether it opened the breaker."""
        was_open = self.is_open(now)
        self.failures.append((now, identity))
        if was_open or not self._is_enough(now):
            return False
        self.tried_at = now
        return True

    def succeeded(self) -> None:
        """Note that v4 answered: what went before counts no more."""
        self.failures.clear()
        self.tried_at = None

    def _is_enough(self, now: float) -> bool:
        recent = [identity for at, identity in self.failures if now - at < WITHIN_S]
        return len(recent) >= FAILURES and len(set(recent)) >= IDENTITIES


class Breakers:
    """The breakers of this process; safe to use from any of its threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, Breaker]] = {}

    def allows(self, operation: str, attempt: int) -> bool:
        """Say whether v4 may be asked for `operation`; costs a look-up as long as nothing has failed."""
        kept = self._kept.get(operation)
        if kept is None or kept[0] != attempt:
            return True
        with self._lock:
            return kept[1].allows(self._clock())

    def is_open(self, operation: str, attempt: int) -> bool:
        """Say whether the breaker is open; then no call of either arm is evidence."""
        kept = self._kept.get(operation)
        return kept is not None and kept[0] == attempt and kept[1].is_open(self._clock())

    def failed(self, operation: str, attempt: int, identity: str) -> bool:
        """Note a failure of v4, and say whether it opened the breaker."""
        with self._lock:
            kept = self._kept.get(operation)
            if kept is None or kept[0] != attempt:
                kept = self._kept[operation] = (attempt, Breaker())
            return kept[1].failed(identity, self._clock())

    def succeeded(self, operation: str, attempt: int) -> None:
        """Note that v4 answered."""
        kept = self._kept.get(operation)
        if kept is not None and kept[0] == attempt and kept[1].failures:
            with self._lock:
                kept[1].succeeded()

    def open_now(self) -> Iterator[tuple[str, int]]:
        """Yield the operations, with their attempts, whose breaker is open."""
        now = self._clock()
        with self._lock:
            kept = list(self._kept.items())
        yield from ((operation, attempt) for operation, (attempt, breaker) in kept if breaker.is_open(now))

    def clear(self) -> None:
        """Forget everything, as if the process had just started."""
        with self._lock:
            self._kept.clear()


breakers = Breakers()
"""This process's breakers."""
