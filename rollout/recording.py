"""What a worker notes of every call, without any I/O: counters, who failed, who was seen. The pulse delivers it.

Everything is a sum or a bounded list. What has been handed over for delivery stays in hand until the database has
acknowledged it, and is offered again as it was, with the same number: so nothing is lost and nothing counts twice.
"""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from rollout.calls import FAILURES, Call, Cell, Delivery, is_late, met, person, samples
from rollout.histogram import bucket

SEEN_AGAIN_AFTER_S = 300.0
"""Looked at once in a delivery; a change of the control state has everybody reported anew at once."""
MOST_SEEN = 200_000
"""Identities remembered as reported; beyond, they are reported again, which adds nothing."""
MOST_SIGHTINGS = 5_000
MOST_FAILURES = 500
"""People noted by name in one delivery: as seen (who is beyond, is noted when they call again), and as failing on one
arm (beyond, they are lost). A delivery of so many takes 0.1 s or so, for which the heartbeat waits: 1 s at most."""


class Recorder:
    """The notes of one process; `note` may be called by any of its threads, the rest by the pulse alone."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Forget everything, as if the process had just started; no other thread may use it meanwhile."""
        self._lock = threading.Lock()
        self._sequence = 0
        self._in_hand: Delivery | None = None
        self._seen: set[tuple[str, str]] = set()
        self._seen_in = 0
        self._seen_since = self._clock()
        self._begin()

    def _begin(self) -> None:
        self._cells: dict[tuple[str, str, str], Cell] = {}
        self._failures: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        self._sightings: list[dict[str, Any]] = []
        self._noted: Counter[str] = Counter()

    def note(self, call: Call, duration_ms: float) -> None:
        """Note a call of a switch that has ended; what nearly all calls need stands here, for it costs every caller."""
        with self._lock:
            cell = self._count(call.feature, call.operation, call.decision.arm, duration_ms)
            if not call.is_ordinary:
                cell.add(call)
            if call.is_evidence:
                cell.eligible += 1
                if call.decision.version != self._seen_in or (call.feature, call.caller.key) not in self._seen:
                    self._see(call)
                if call.has_failed or is_late(call, duration_ms):
                    self._blame(call, cell, met(call, duration_ms))

    def note_contract(self, feature: str, route: str, status: int, duration_ms: float) -> None:
        """Note a request of the v4 contract by its method and route template: shown, and never evidence."""
        with self._lock:
            cell = self._count(feature, route, "contract", duration_ms)
            cell.client_errors += 400 <= status < 500
            cell.failures += status >= 500

    def next_delivery(self) -> Delivery | None:
        """Return what is to be delivered: the one in hand until it is acknowledged, else what came since; or None."""
        if self._in_hand is None:
            with self._lock:
                cells, failures, sightings = self._cells, self._failures, self._sightings
                self._begin()
                if self._clock() - self._seen_since > SEEN_AGAIN_AFTER_S:
                    self._forget_seen()
            if cells:
                self._sequence += 1
                self._in_hand = Delivery(self._sequence, samples(cells), list(failures.values()), sightings)
        return self._in_hand

    def delivered(self, delivery: Delivery | None) -> None:
        """Let go of a delivery that the database has acknowledged."""
        if delivery is self._in_hand:
            self._in_hand = None

    def _count(self, feature: str, operation: str, arm: str, duration_ms: float) -> Cell:
        key = (feature, operation, arm)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = Cell()
        cell.calls += 1
        cell.total_ms += duration_ms
        number = bucket(duration_ms)
        cell.buckets[number] = cell.buckets.get(number, 0) + 1
        return cell

    def _see(self, call: Call) -> None:
        """Report somebody as seen: once in five minutes, and anew after every change of the control state."""
        if call.decision.version != self._seen_in or len(self._seen) >= MOST_SEEN:
            self._forget_seen()
            self._seen_in = call.decision.version
        if len(self._sightings) < MOST_SIGHTINGS:
            self._seen.add((call.feature, call.caller.key))
            self._sightings.append(person(call))

    def _forget_seen(self) -> None:
        self._seen.clear()
        self._seen_since = self._clock()

    def _blame(self, call: Call, cell: Cell, metrics: Iterable[str]) -> None:
        """Report somebody as having met the metrics: once for each operation in a delivery."""
        arm = call.decision.arm
        for metric in metrics:
            key = (call.feature, call.operation, metric, call.caller.key)
            if key in self._failures:
                continue
            if self._noted[arm] >= MOST_FAILURES:
                cell.lost += 1
                continue
            self._noted[arm] += 1
            self._failures[key] = person(call) | {
                "operation": call.operation,
                "metric": metric,
                "fingerprint": call.fingerprint if metric == FAILURES else "",
                "place": call.place if metric == FAILURES else "",
                "request_id": call.request_id,
            }


recorder = Recorder()
"""This process's notes."""

os.register_at_fork(after_in_child=recorder.clear)
