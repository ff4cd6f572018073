"""What the tests of the outbox share: two alerts, a clock, and delivering by hand."""

from datetime import datetime, timedelta
from typing import Any

from rollout.alert_kinds import Kind, Raised
from rollout.models import Delivery
from rollout.outbox import Delivered, deliver_due
from tests.rollout.control import START

CPU = Raised(Kind.HIGH_CPU, "CPU at 93 %", details={"cpu_percent": 93})
FAILS = Raised(Kind.HIGH_ERROR_RATE, "v4 fails\nBcc: everybody", feature="api_v4_users")


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def send(seconds: float = 0, **how: Any) -> Delivered:
    """Deliver at so many seconds from the start, without chance."""
    return deliver_due(after(seconds), jitter=lambda: 0.0, **how)


def only() -> Delivery:
    return Delivery.objects.get()
