"""The outbox: what is to be told of alerts is sent from here, at least once, by one process at a time."""

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Min

from rollout import postbox, webhook
from rollout.alert_kinds import Raised
from rollout.models import Alert, Delivery
from rollout.news import NotDelivered
from rollout.receivers import EMAIL, WEBHOOK, receivers

FIRST_PAUSE_S = 1.0
PAUSES_GROW_BY = 4
LONGEST_PAUSE_S = 600.0
MOST_TRIES = 12
GIVEN_UP_AFTER = timedelta(hours=24)

Transport = Callable[[Delivery, datetime], None]
"""Sends one message, and says by raising NotDelivered that it did not arrive."""
TRANSPORTS: Mapping[str, Transport] = {EMAIL: postbox.send, WEBHOOK: webhook.send}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the messages that were due, and how many wait; `next_at` is when the first of them is due."""

    sent: int
    failed: int
    waiting: int
    next_at: datetime | None = None


def deliver_due(
    now: datetime, transports: Mapping[str, Transport] = TRANSPORTS, jitter: Callable[[], float] = random.random
) -> Delivered:
    """Send every message that is due at `now`, each in a transaction of its own that nobody else's waits for.

    A message is sent twice only when the process dies between sending and COMMIT; its `id` tells. One that failed is
    due again after 1 s, 4 s, 16 s … at most 10 min, and up to a quarter more (`jitter`, 0 to 1). It is given up after
    12 tries, after 24 h, or when its receiver says that it never will take it.
    """
    sent, failed = 0, 0
    while (arrived := _deliver_next(now, transports, jitter)) is not None:
        sent, failed = sent + arrived, failed + (not arrived)
    left = Delivery.objects.waiting().aggregate(count=Count("id"), first=Min("next_at"))
    return Delivered(sent, failed, left["count"], left["first"])


def tell_now(raised: Raised, at: datetime, transports: Mapping[str, Transport] = TRANSPORTS) -> int:
    """Tell everybody at once, past the outbox, of what cannot be stored since PostgreSQL is away; return how many.

    Each is tried once and takes up to 5 s. The messages have no `id`. What is stored later is told again, with one.
    """
    alert = Alert(opened_at=at, seen_at=at, **raised.columns)
    reached = 0
    for channel, target in receivers():
        delivery = Delivery(alert=alert, event=Delivery.Event.OPENED, channel=channel, target=target)
        failure = _try(delivery, at, transports[channel])
        reached += failure is None
        if failure:
            logger.warning("nobody was told past the outbox", extra={"fields": {"error": str(failure)}})
    return reached


def pause(tries: int, jitter: float) -> timedelta:
    """Return how long to wait after so many tries."""
    seconds = min(FIRST_PAUSE_S * PAUSES_GROW_BY ** (tries - 1), LONGEST_PAUSE_S)
    return timedelta(seconds=seconds * (1 + jitter / 4))


def _deliver_next(now: datetime, transports: Mapping[str, Transport], jitter: Callable[[], float]) -> bool | None:
    """Try the message that is due first; say whether it arrived, None when nothing is due."""
    with transaction.atomic():
        delivery = Delivery.objects.next_due(now)
        if delivery is None:
            return None
        delivery.attempts += 1
        failure = _try(delivery, now, transports[delivery.channel])
        if failure is None:
            delivery.delivered_at, delivery.last_error = now, ""
        else:
            _postpone(delivery, failure, now, jitter())
        delivery.save(update_fields=["attempts", "delivered_at", "given_up_at", "next_at", "last_error"])
    return failure is None


def _try(delivery: Delivery, now: datetime, transport: Transport) -> NotDelivered | None:
    try:
        transport(delivery, now)
    except NotDelivered as failure:
        return failure
    except Exception as error:
        logger.exception("a message about an alert could not be sent", extra={"fields": {"delivery": delivery.pk}})
        return NotDelivered(f"{type(error).__name__}: {error}")
    return None


def _postpone(delivery: Delivery, failure: NotDelivered, now: datetime, jitter: float) -> None:
    delivery.last_error = str(failure).replace("\0", "�")[:500]
    delivery.next_at = now + pause(delivery.attempts, jitter)
    is_too_late = delivery.attempts >= MOST_TRIES or now - delivery.created_at >= GIVEN_UP_AFTER
    if failure.is_permanent or is_too_late:
        delivery.given_up_at = now
        told = {"delivery": delivery.pk, "alert": delivery.alert_id, "error": delivery.last_error}
        logger.warning("a message about an alert was given up", extra={"fields": told})
