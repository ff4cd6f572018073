"""Keeping the stored spans ahead of time: whatever door a place came in by, however long ago."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from threading import Event
from typing import Final

from django.db.models import F

from restaurants.foresight import AHEAD
from restaurants.models import OpeningSpan, Restaurant

BATCH: Final = 200
SLACK: Final = timedelta(days=1)
"""A place is due when its spans reach a day less ahead than they could: once a day, unless something changed."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What one round did."""

    places: int
    spans: int


def ignore(_: int) -> None:
    """Hear nothing of the progress."""


def due(at: datetime, *, everything: bool = False) -> list[int]:
    """Return the places whose spans are to be computed at the moment `at`, those that end first, first."""
    places = Restaurant.objects.get_queryset().existing()
    if not everything:
        places = places.exclude(spans_until__gte=at + AHEAD - SLACK)
    return list(places.order_by(F("spans_until").asc(nulls_first=True), "pk").values_list("pk", flat=True))


def extend(
    ids: Sequence[int], at: datetime, tick: Callable[[int], None] = ignore, ending: Event | None = None
) -> Extension:
    """Compute the spans of these places, a batch a transaction; `tick` is told the size of each that is stored.

    Stops after the batch in which `ending` is set.
    """
    remaining, places, spans = iter(ids), 0, 0
    while not (ending and ending.is_set()) and (batch := list(islice(remaining, BATCH))):
        spans += OpeningSpan.objects.refresh(batch, at)
        places += len(batch)
        tick(len(batch))
    return Extension(places, spans)
