"""A worker's own protection: it stops asking a v4 that fails everybody, long before anybody has decided anything.

One breaker for each operation and attempt. It opens after five failures in a row, of at least three identities, within
ten seconds; while it is open v3 answers at once and one call a second tries v4. A single client that repeats its
failing request opens nothing.
"""

import os
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
    open_until: float = float("-inf")
    """Ten seconds after the last failure: a breaker that sees none for so long has nothing to say any more."""
    next_probe_at: float = 0.0

    def is_open(self, now: float) -> bool:
        """Say whether v4 is not to be asked; safe to call while another thread changes the breaker."""
        return now < self.open_until

    def allows(self, now: float) -> bool:
        """Say whether this call may ask v4: always while closed, once a second while open."""
        if not self.is_open(now):
            return True
        if now < self.next_probe_at:
            return False
        self.next_probe_at = now + PROBE_EVERY_S
        return True

    def failed(self, identity: str, now: float) -> bool:
        """Note a failure that nobody anticipated, and say whether it opened the breaker."""
        was_open = self.is_open(now)
        self.failures.append((now, identity))
        if not (was_open or self._is_enough(now)):
            return False
        self.open_until = now + WITHIN_S
        if not was_open:
            self.next_probe_at = now + PROBE_EVERY_S
        return not was_open

    def succeeded(self) -> None:
        """Note that v4 answered: what went before counts no more."""
        self.failures.clear()
        self.open_until = float("-inf")

    def _is_enough(self, now: float) -> bool:
        recent = [identity for at, identity in self.failures if now - at < WITHIN_S]
        return len(recent) >= FAILURES and len(set(recent)) >= IDENTITIES


class Breakers:
    """The breakers of this process; safe to use from any of its threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Forget everything, as if the process had just started; no other thread may use it meanwhile."""
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, Breaker]] = {}

    def allows(self, operation: str, attempt: int) -> bool:
        """Say whether v4 may be asked for `operation`; costs a look-up as long as nothing has failed."""
        breaker = self._of(operation, attempt)
        if breaker is None:
            return True
        with self._lock:
            return breaker.allows(self._clock())

    def is_open(self, operation: str, attempt: int) -> bool:
        """Say whether the breaker is open; then no call of either arm is evidence."""
        breaker = self._of(operation, attempt)
        return breaker is not None and breaker.is_open(self._clock())

    def failed(self, operation: str, attempt: int, identity: str) -> bool:
        """Note a failure of v4, and say whether it opened the breaker; the last calls of an old attempt say nothing."""
        with self._lock:
            newest, breaker = self._kept.get(operation, (-1, Breaker()))
            if attempt < newest:
                return False
            if attempt > newest:
                breaker = Breaker()
                self._kept[operation] = (attempt, breaker)
            return breaker.failed(identity, self._clock())

    def succeeded(self, operation: str, attempt: int) -> None:
        """Note that v4 answered."""
        breaker = self._of(operation, attempt)
        if breaker is not None and breaker.failures:
            with self._lock:
                breaker.succeeded()

    def open_now(self) -> Iterator[tuple[str, int]]:
        """Yield the operations, with their attempts, whose breaker is open."""
        now = self._clock()
        with self._lock:
            kept = list(self._kept.items())
        yield from ((operation, attempt) for operation, (attempt, breaker) in kept if breaker.is_open(now))

    def _of(self, operation: str, attempt: int) -> Breaker | None:
        attempt_and_breaker = self._kept.get(operation)
        if attempt_and_breaker is None or attempt_and_breaker[0] != attempt:
            return None
        return attempt_and_breaker[1]


breakers = Breakers()
"""This process's breakers."""

os.register_at_fork(after_in_child=breakers.clear)
