"""The flight record of each rollback: what was known at that moment, stored with it and never in its way."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from jewgo.core.errors import NotFound
from rollout import circumstances, documents
from rollout.models import Flag, FlightRecord, StageChange

STATEMENT_TIMEOUT_MS = 500
"""Of each query of a record: the features are locked meanwhile, and somebody waits for v3."""
BUDGET_S = 2.0
"""For the records of one move; the features that are left when it is over have none."""

logger = logging.getLogger(__name__)


class UnknownFlight(NotFound):
    code, title = "unknown_flight", "There is no flight record of this number"


def record(change: StageChange, at: datetime) -> FlightRecord | None:
    """Store what is known at the rollback `change`, a line that the ledger has; inside the caller's transaction.

    None when that failed: it is logged, what was written of it is undone, and the rollback goes on.
    """
    try:
        with transaction.atomic(), _hurried():
            document = circumstances.at_rollback(change, at)
            return FlightRecord.objects.create(change=change, feature=change.feature, at=at, document=document)
    except Exception:
        logger.exception("The rollback of %s has no flight record.", change.feature)
        return None


def record_all(
    changes: Sequence[StageChange], at: datetime, *, clock: Callable[[], float] = time.monotonic
) -> list[FlightRecord]:
    """Record each of these rollbacks, one after the other, for at most `BUDGET_S` and what is under way then."""
    deadline, records = clock() + BUDGET_S, []
    for change in changes:
        if clock() > deadline:
            logger.error("No time for a flight record: %s.", change.feature)
            continue
        records.append(record(change, at))
    return [one for one in records if one is not None]


def find(asked: str | None) -> FlightRecord | None:
    """Return a record by its number, or the newest of a feature, or with None the newest of all.

    None where nothing was rolled back yet. Raises UnknownFlight, UnknownFeature.
    """
    if asked is None:
        return FlightRecord.objects.of([]).first()
    if asked.isdecimal():
        return numbered(asked)
    return FlightRecord.objects.of([Flag.objects.named(asked).name]).first()


def numbered(number: int | str) -> FlightRecord:
    """Return the record of this number, or raise UnknownFlight."""
    found = FlightRecord.objects.of([]).filter(pk=number).first() if int(number) < 2**63 else None
    if found is None:
        raise UnknownFlight(f"There is no flight record {number}.", hint="List them: manage.py rollout report.")
    return found


def summary(flight: FlightRecord) -> dict[str, Any]:
    """Return what a list says of a record, from its line of the ledger."""
    change = flight.change
    return {
        "id": flight.pk,
        "at": flight.at.isoformat(),
        "feature": flight.feature,
        "attempt": change.attempt,
        "actor": change.actor,
        "reason": change.reason,
        "from": documents.position(change.before),
        "ledger": change.pk,
    }


def whole(flight: FlightRecord) -> dict[str, Any]:
    """Return a record with all it holds."""
    return {"id": flight.pk, **flight.document}


@contextmanager
def _hurried() -> Iterator[None]:
    """Let no query inside take longer than `STATEMENT_TIMEOUT_MS`; afterwards the transaction's own limit holds."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(STATEMENT_TIMEOUT_MS)])
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
