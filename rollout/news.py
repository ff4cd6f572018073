"""What a message about an alert says: to people by e-mail, to machines as JSON."""

from datetime import datetime
from typing import Any

from rollout.alert_kinds import advice
from rollout.models import Alert, Delivery


class NotDelivered(Exception):
    """The message did not reach its receiver; `is_permanent` when trying again would not help."""

    def __init__(self, reason: str, *, is_permanent: bool = False) -> None:
        super().__init__(reason)
        self.is_permanent = is_permanent


def subject(delivery: Delivery) -> str:
    """Return one line: what happened to which alert."""
    alert = delivery.alert
    word = "over" if _is_over(delivery) else alert.severity.upper()
    return " ".join(f"[JewGo] {word}: {alert}".split())


def text(delivery: Delivery) -> str:
    """Return the message as people read it, with what to do next."""
    alert = delivery.alert
    told = [alert.message, "", f"Since {_told(alert.opened_at)}, last seen {_told(alert.seen_at)}."]
    if _is_over(delivery):
        return "\n".join([*told, f"Over since {_told(happened_at(delivery))}.", ""])
    told += ["", advice(alert.name, alert.feature)]
    if alert.pk is not None:
        told.append(f"Say that you look after it: manage.py rollout acknowledge {alert.pk} --reason …")
    return "\n".join([*told, ""])


def payload(delivery: Delivery) -> dict[str, Any]:
    """Return the message as machines read it. `id` is the same at every try, None past the outbox."""
    alert: Alert = delivery.alert
    return {
        "id": delivery.pk,
        "event": delivery.event,
        "at": happened_at(delivery).isoformat(),
        "alert_id": alert.pk,
        "name": alert.name,
        "feature": alert.feature,
        "severity": alert.severity,
        "message": alert.message,
        "details": alert.details,
    }


def happened_at(delivery: Delivery) -> datetime:
    """Return when what the message tells happened."""
    alert = delivery.alert
    return alert.resolved_at or alert.seen_at if _is_over(delivery) else alert.opened_at


def _is_over(delivery: Delivery) -> bool:
    return delivery.event == Delivery.Event.RESOLVED


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
