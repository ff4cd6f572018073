"""What is wrong, from when to when: opened, noted while it lasts, resolved by itself, told once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from jewgo.core.errors import Conflict
from rollout.alert_kinds import ROLLBACKS, Raised
from rollout.models import Alert, Delivery
from rollout.moves import Actor, checked_reason
from rollout.receivers import receivers

NOTED_EVERY = timedelta(seconds=10)
"""How often an alert that goes on is written: once a second would be a write a second for nothing."""
RESOLVED_AFTER = timedelta(seconds=30)
"""What was not noted for so long is over."""
COOL_DOWN = timedelta(minutes=5)
"""What comes back within this time was not over; nobody is told before that it was."""


class AlertIsOver(Conflict):
    """It resolved before somebody could say that they look after it."""

    code, title = "alert_is_over", "The alert is over"


@dataclass(frozen=True, slots=True)
class Changes:
    """What one look changed; `put` is the number of messages that it put into the outbox."""

    opened: tuple[Alert, ...] = ()
    reopened: tuple[Alert, ...] = ()
    resolved: tuple[Alert, ...] = ()
    put: int = 0


def reconcile(raised: Iterable[Raised], at: datetime) -> Changes:
    """Bring the alerts in line with everything that is wrong at `at`, inside the caller's transaction.

    Opens what is new and puts the news into the outbox, notes what goes on (every 10 s), re-opens without telling
    anybody what was resolved less than 5 minutes ago, and resolves what was not noted for 30 s. That something is over
    is told after the 5 minutes. Of several with one name and feature the first counts. At most nine statements,
    however many alerts; one when nothing is wrong.
    """
    return Look(raised, at).take_in(resolves=True)


def raise_one(raised: Raised, at: datetime) -> Changes:
    """Open or note one alert, and resolve none: for somebody who knows of one thing only.

    The guard resolves it 30 s after it was last raised. Works inside a transaction of the caller, or in its own.
    """
    with transaction.atomic():
        return Look([raised], at).take_in(resolves=False)


def open_alerts() -> list[Alert]:
    """Return what is wrong, newest first."""
    return list(Alert.objects.open().newest_first())


def acknowledge(number: int, *, actor: Actor, reason: str, at: datetime) -> Alert:
    """Write down that somebody looks after an open alert, and why it is in good hands; it stays open until it is over.

    The first who says so is kept. Raises UnknownAlert, AlertIsOver, ReasonRequired.
    """
    said = checked_reason(reason)
    with transaction.atomic():
        alert = Alert.objects.locked(number)
        if alert.resolved_at is not None:
            raise AlertIsOver(f"Alert {number}, {alert}, is over since {alert.resolved_at:%Y-%m-%d %H:%M:%S} UTC.")
        if alert.acknowledged_at is None:
            alert.acknowledged_at, alert.acknowledged_by = at, str(actor)
            alert.details = {**alert.details, "acknowledged": said}
            alert.save(update_fields=["acknowledged_at", "acknowledged_by", "details"])
    return alert


class Look:
    """One comparison of what is wrong with what is known to be."""

    def __init__(self, raised: Iterable[Raised], at: datetime) -> None:
        self._raised: Mapping[tuple[str, str], Raised] = {one.key: one for one in reversed(list(raised))}
        self._at = at
        self._known: Mapping[tuple[str, str], Alert] = {
            (alert.name, alert.feature): alert
            for alert in Alert.objects.known(at - COOL_DOWN)
            if alert.resolved_at is None or alert.name not in ROLLBACKS
        }

    def take_in(self, *, resolves: bool) -> Changes:
        """Write what differs, and put the news into the outbox."""
        opened, reopened = self._open(), self._note()
        resolved = self._resolve() if resolves else []
        return Changes(tuple(opened), tuple(reopened), tuple(resolved), self._tell(opened, resolved))

    def _open(self) -> list[Alert]:
        new = [
            Alert(opened_at=self._at, seen_at=self._at, **one.columns)
            for key, one in self._raised.items()
            if key not in self._known
        ]
        return Alert.objects.open_new(new) if new else []

    def _note(self) -> list[Alert]:
        """Note what goes on or came back; return the latter."""
        wrong = [alert for key, alert in self._known.items() if key in self._raised]
        back = [alert for alert in wrong if alert.resolved_at is not None]
        going_on = [alert for alert in wrong if alert.resolved_at is None and self._at - alert.seen_at >= NOTED_EVERY]
        if not (back or going_on):
            return []
        try:
            with transaction.atomic():
                Alert.objects.note([self._row(alert) for alert in (*back, *going_on)], self._at)
        except IntegrityError:  # somebody opened another meanwhile: the next look will find it
            return []
        if back:
            Delivery.objects.take_back(alert.pk for alert in back)
        return back

    def _row(self, alert: Alert) -> dict[str, object]:
        return {"id": alert.pk, **self._raised[alert.name, alert.feature].columns}

    def _resolve(self) -> list[Alert]:
        over = [
            alert
            for key, alert in self._known.items()
            if key not in self._raised and alert.resolved_at is None and self._at - alert.seen_at >= RESOLVED_AFTER
        ]
        for alert in over:
            alert.resolved_at = self._at
        if over:
            Alert.objects.open().filter(pk__in=[alert.pk for alert in over]).update(resolved_at=self._at)
        return over

    def _tell(self, opened: Sequence[Alert], resolved: Sequence[Alert]) -> int:
        news = [(alert, Delivery.Event.OPENED.value, timedelta()) for alert in opened]
        news += [(alert, Delivery.Event.RESOLVED.value, COOL_DOWN) for alert in resolved]
        return Delivery.objects.put(news, receivers(), self._at) if news else 0
