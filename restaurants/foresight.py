"""The coming weeks of every place: when it is open, or nobody knows, and whether it is open before Shabbat."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from django.db import connections, models, transaction

from jewgo.core.repository import Repository
from restaurants.hours.closures import closures
from restaurants.hours.opening import Stretch, stretches
from restaurants.hours.schedule import Schedule, schedule_of

if TYPE_CHECKING:
    from restaurants.models import OpeningSpan

BEHIND: Final = timedelta(days=1)
AHEAD: Final = timedelta(days=22)
"""Spans are computed from a day before to so long after the moment of computing."""
BEFORE_SHABBAT: Final = timedelta(hours=3)
"""The last hours before candle lighting in which a place has to be open to be open before Shabbat."""


class Kind(models.TextChoices):
    """What holds of a place during a span.

    `eve_open` spans the week that ends with a candle lighting before which the place is open, `eve_unknown` one of
    which nobody knows that. Of what no span between `spans_since` and `spans_until` tells, the opposite is true.
    """

    OPEN = "open"
    UNKNOWN = "unknown"
    EVE_OPEN = "eve_open"
    EVE_UNKNOWN = "eve_unknown"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the table holds of a place's schedule; `lightings`: one entry a certificate."""

    id: int
    opening_hours: str | None
    timezone: str | None
    latitude: float | None
    longitude: float | None
    city: str | None
    country: str | None
    is_shabbat_exempt: bool
    opens_after_shabbat_min: int | None
    closes_before_shabbat_min: int | None
    lightings: Sequence[int | None]


Row = tuple[int, str, datetime, datetime]

_COLUMNS: Final = ", ".join(f"r.{field.name}" for field in fields(Facts) if field.name != "lightings")
_LOCK: Final = "SELECT id FROM restaurants_restaurant WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"
_READ: Final = f"""
    SELECT {_COLUMNS}, ARRAY(SELECT a.candle_lighting_min FROM restaurants_certificate c
                             JOIN restaurants_agency a ON a.id = c.agency_id WHERE c.restaurant_id = r.id)
    FROM restaurants_restaurant r WHERE r.id = ANY(%(ids)s) ORDER BY r.id
"""  # noqa: S608  # made of constants
_CLEAR: Final = "DELETE FROM restaurants_openingspan WHERE restaurant_id = ANY(%(ids)s)"
_WRITE: Final = """
    INSERT INTO restaurants_openingspan (restaurant_id, kind, during)
    SELECT place, kind, tstzrange(since, until)
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[]) AS span (place, kind, since, until)
"""
_NOTE: Final = """
    UPDATE restaurants_restaurant SET spans_since = %(since)s, spans_until = %(until)s WHERE id = ANY(%(ids)s)
"""


class OpeningSpanRepository(Repository["OpeningSpan"]):
    """The stored spans; nobody writes one by itself."""

    def refresh(self, ids: Collection[int], at: datetime) -> int:
        """Store the spans of these places as they are computed at the moment `at`; return how many there are.

        Whole or not at all, in a constant number of statements. The places are locked first, so that of two who
        compute the same place the later one sees what the earlier one stored.
        """
        if not ids:
            return 0
        since, until = at - BEHIND, at + AHEAD
        with transaction.atomic(using=self.db), connections[self.db].cursor() as cursor:
            known: dict[str, Any] = {"ids": list(ids), "since": since, "until": until}
            cursor.execute(_LOCK, known)
            cursor.execute(_READ, known)
            rows = [row for found in cursor.fetchall() for row in foreseen(Facts(*found), since, until)]
            cursor.execute(_CLEAR, known)
            cursor.execute(_WRITE, _columns(rows))
            cursor.execute(_NOTE, known)
        return len(rows)


def foreseen(facts: Facts, since: datetime, until: datetime) -> Iterator[Row]:
    """Yield the spans of a place between two moments."""
    schedule = schedule_of(facts, facts.lightings)
    found = stretches(schedule, since, until)
    for one in found:
        if one.status != "closed":
            yield facts.id, Kind(one.status).value, one.starts_at, one.ends_at
    for kind, starts, ends in _eves(schedule, found, since, until):
        yield facts.id, kind, starts, ends


def _eves(
    schedule: Schedule, found: Sequence[Stretch], since: datetime, until: datetime
) -> Iterator[tuple[str, datetime, datetime]]:
    """Yield the weeks that end with a candle lighting before which the place is open, or may be."""
    custom = schedule.custom
    lit = [one.starts_at for one in closures(custom, since, until) if one.holds_shabbat] if custom else []
    for begins, ends in pairwise([since, *(moment for moment in lit if moment > since), until]):
        kind = _before(found, ends) if ends != until else Kind.EVE_UNKNOWN
        if kind is not None:
            yield kind.value, begins, ends


def _before(found: Sequence[Stretch], lighting: datetime) -> Kind | None:
    """Return what is known of the last hours before a candle lighting; None: the place is closed in all of them."""
    last = {one.status for one in found if one.starts_at < lighting and one.ends_at > lighting - BEFORE_SHABBAT}
    return Kind.EVE_OPEN if "open" in last else Kind.EVE_UNKNOWN if "unknown" in last else None


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(4)]
