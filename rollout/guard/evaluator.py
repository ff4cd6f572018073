"""One look of the guard: measure, judge, act and record, in one transaction that only the leader gets to make."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import connection, transaction

from rollout import alerts
from rollout.alert_kinds import Raised
from rollout.guard import acting, inbox, measurements, records, rollups
from rollout.guard.bench import Bench
from rollout.guard.judging import Opinion, Surroundings, judged, workers
from rollout.guard.measurements import MOST_SIGHTINGS
from rollout.models import Flag, Guard, HealthSample
from rollout.moves import Report
from rollout.services import RolloutService
from rollout.situation import WINDOW

logger = logging.getLogger(__name__)

_LOCK = 7_310_514_206
"""Of pg_try_advisory_xact_lock: it ends with the transaction, so a leader that dies leaves nothing behind."""
STATEMENT_TIMEOUT_MS = 5000
IDLE_TIMEOUT_MS = 10_000
"""After this long in the middle of a look the database ends it: a leader that is frozen must not keep the lock."""
LEASE = timedelta(seconds=3)
"""A guard that looked within this time leads; while two took turns, each would rebuild its memory at every look."""
NOBODY = UUID(int=0)
"""The leader after one has ended in an orderly way."""
TIDY_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one look did; `leads` is False where another guard leads, and then nothing was done."""

    leads: bool
    at: datetime | None = None
    opinions: Sequence[Opinion] = ()
    moves: Sequence[Report] = ()
    messages: int = 0
    """How many messages about alerts it put into the outbox."""


class Evaluator:
    """One guard. It remembers the attempts from look to look, as long as nobody else has looked in between.

    `passing` hears of each point that a look passes; tests end the process there.
    """

    def __init__(
        self, passing: Callable[[str], None] = lambda _: None, *, most_sightings: int = MOST_SIGHTINGS
    ) -> None:
        self.id = uuid4()
        self._passing = passing
        self._bench = Bench(most_sightings)
        self._ticks = 0
        self._has_led = True
        self._tidied_at: datetime | None = None

    def tick(
        self, now: datetime | None = None, probes_down: tuple[str, ...] = (), found: Sequence[Raised] = ()
    ) -> Tick:
        """Look once, by the database's clock unless a test gives another.

        `probes_down` and `found` are what the probes say beside: what does not answer, and what is worth an alert.
        Everything is one transaction: a crash at any point leaves all as it was. Raises what the database raises.
        """
        try:
            with transaction.atomic():
                tick = self._look(now, probes_down, found)
                self._passing("before_commit")
        except BaseException:
            self._bench.forget()  # what was not committed must not be remembered
            raise
        self._has_led = tick.leads
        self._passing("committed")
        return tick

    def keep_house(self, now: datetime | None = None) -> bool:
        """Once a minute add up what is over and delete what is old, in a transaction apart from any look; say whether.

        Apart, since a slow sum must never undo a rollback. What has piled up is worked off portion by portion. One that
        stands by keeps away: it would hold the lock when the other wants to look.
        """
        if not self._has_led:
            return False
        with transaction.atomic():
            leads, clock = _leads()
            at = now or clock
            if not leads or (self._tidied_at is not None and at - self._tidied_at < TIDY_EVERY):
                return False
            is_done = rollups.roll_up(at) and rollups.forget(at)
        self._tidied_at = at if is_done else None
        return True

    def resign(self) -> None:
        """Let another lead at once: this guard ends in an orderly way."""
        Guard.objects.filter(leader=self.id).update(leader=NOBODY)

    def _look(self, now: datetime | None, probes_down: tuple[str, ...], found: Sequence[Raised]) -> Tick:
        leads, clock = _leads()
        if not leads:
            return Tick(leads=False)
        self._passing("leading")
        return self._lead(now or clock, probes_down, found)

    def _lead(self, now: datetime, probes_down: tuple[str, ...], found: Sequence[Raised]) -> Tick:
        last = Guard.objects.first()
        is_led = last is not None and last.leader not in {self.id, NOBODY}
        if last is not None and is_led and timedelta(0) <= now - last.ticked_at < LEASE:
            return Tick(leads=False)
        is_first_look = self._resume(last, now)
        around = Surroundings(now, workers(), HealthSample.objects.marks(), is_first_look, probes_down)
        flags = {flag.name: flag for flag in Flag.objects.prefetch_related("steps")}
        desks = self._bench.desks(flags, around)
        self._passing("measured")
        inbox.take_in(inbox.reports(), desks, self._bench.people)
        self._passing("received")
        opinions = judged(desks, around)
        self._passing("judged")
        measurements.store(desk.measurement for desk in desks if desk.is_measured_anew)
        records.record(opinions, now)  # before acting, for a rollback's flight record to find
        records.sign(self.id, self._ticks, now)
        self._passing("recorded")
        moves = acting.act(opinions, flags, RolloutService(lambda: now))
        self._passing("acted")
        return Tick(True, now, opinions, moves, _told([*found, *acting.alarms(opinions, moves)], now))

    def _resume(self, last: Guard | None, now: datetime) -> bool:
        """Go on from the last look, whoever made it; say whether that was too long ago to compare with."""
        if last is None or (last.leader, last.ticks) != (self.id, self._ticks):
            self._bench.forget()
        self._ticks = (last.ticks if last else 0) + 1
        return last is None or now - last.ticked_at > WINDOW


def _told(found: Sequence[Raised], now: datetime) -> int:
    """Bring the alerts up to date, and return how many messages that puts into the outbox; a look stands without."""
    try:
        with transaction.atomic():
            return alerts.reconcile(found, now).put
    except Exception:  # no rollback may fail because of what is said about it
        if connection.connection is None or connection.connection.closed:
            raise  # then nothing stands
        logger.exception("The guard could not store its alerts; what it judged and moved stands.")
        return 0


def _leads() -> tuple[bool, datetime]:
    """Try for the lock of this transaction, and return whether we have it, and the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
        cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_TIMEOUT_MS}")
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s), clock_timestamp()", [_LOCK])
        ((leads, clock),) = cursor.fetchall()
    return bool(leads), clock
