"""Places that are probably one: reported for people to judge, never merged."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

NEAR_M: Final = 50
"""Two similar names closer than this are probably one place."""
BRANCH_M: Final = 500
"""Two names that resemble each other, with one telephone but farther apart than this, are branches of a chain."""
SIMILAR: Final = 0.5
"""Trigram similarity from which two normalised names count as similar."""
BRANCH_SIMILAR: Final = 0.3
"""The same for branches, whose names differ by their town; pg_trgm's own threshold."""

_PAIRS: Final = """
WITH place AS (
    SELECT id, name, sort_name, latitude, longitude,
           nullif(regexp_replace(phone_number, '[^0-9]', '', 'g'), '') AS phone
      FROM restaurants_restaurant WHERE deleted_at IS NULL
), pair AS (
    SELECT a.id AS id, a.name AS name, b.id AS other_id, b.name AS other_name,
           similarity(a.sort_name, b.sort_name) AS similarity, a.phone = b.phone AS same_phone,
           12742000 * asin(sqrt(power(sin(radians(b.latitude - a.latitude) / 2), 2)
               + cos(radians(a.latitude)) * cos(radians(b.latitude))
               * power(sin(radians(b.longitude - a.longitude) / 2), 2))) AS distance_m
      FROM place a JOIN place b ON a.id < b.id AND (
           a.phone = b.phone
           OR (abs(a.latitude - b.latitude) < 0.001 AND abs(a.longitude - b.longitude) < 0.01))
)
SELECT id, name, other_id, other_name, round(similarity::numeric, 2), round(distance_m::numeric), same_phone IS TRUE
  FROM pair
 WHERE (similarity >= %(similar)s AND distance_m < %(near_m)s)
    OR (same_phone AND NOT (similarity >= %(branch_similar)s AND coalesce(distance_m > %(branch_m)s, FALSE)))
 ORDER BY id, other_id
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two places that are probably one, and why we think so; distance None where either has no coordinates."""

    id: int
    name: str
    other_id: int
    other_name: str
    similarity: float
    distance_m: int | None
    same_phone: bool

    @property
    def reason(self) -> str:
        """Why the pair is reported."""
        return "same phone" if self.same_phone else "similar names side by side"


def probable_duplicates() -> list[Pair]:
    """Return the pairs of stored places that are probably one, by id.

    Similar names within 50 m, or the same telephone; similar names with one telephone but far apart are branches.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '120s'")
        cursor.execute(
            _PAIRS, {"similar": SIMILAR, "branch_similar": BRANCH_SIMILAR, "near_m": NEAR_M, "branch_m": BRANCH_M}
        )
        return [_pair(*row) for row in cursor.fetchall()]


def _pair(pk: int, name: str, other: int, other_name: str, similarity: Any, distance_m: Any, same_phone: bool) -> Pair:
    distance = None if distance_m is None else int(distance_m)
    return Pair(pk, name, other, other_name, float(similarity), distance, same_phone)
