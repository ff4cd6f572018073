"""Places that are probably one: one rule, for a new place and for the whole guide. Reported, never merged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from jewgo.core.errors import Conflict
from restaurants.spelling import normalise
from restaurants.values import Draft

NEAR_M: Final = 50
"""Two similar names closer than this are probably one place."""
BRANCH_M: Final = 500
"""Two names that resemble each other, with one telephone but farther apart than this, are branches of a chain."""
SIMILAR: Final = 0.5
"""Trigram similarity from which two normalised names count as similar."""
BRANCH_SIMILAR: Final = 0.3
"""The same for branches, whose names differ by their town; pg_trgm's own threshold."""
MOST: Final = 10
"""How many probable duplicates of one place are named."""
ADDRESS: Final = "/api/v4/restaurants/{id}"
"""Where a client finds a place that is named as a probable duplicate."""
LIMITS: Final = {"similar": SIMILAR, "branch_similar": BRANCH_SIMILAR, "near_m": NEAR_M, "branch_m": BRANCH_M}

# The index restaurants_by_digits holds this very expression: digits only, and North America's 1 may be left out.
_DIGITS: Final = r"regexp_replace(regexp_replace({}, '[^0-9]', '', 'g'), '^1([0-9]{{10}})$', '\1')"

_PLACE: Final = f"""
    SELECT id, name, sort_name, latitude, longitude, nullif({_DIGITS.format("phone_number")}, '') AS phone
      FROM restaurants_restaurant WHERE deleted_at IS NULL
"""  # noqa: S608  # made of constants

# Index conditions: an equal telephone, or a box that holds every place within 50 m up to 84° of latitude.
_NEAR: Final = f"""(
    {_DIGITS.format("b.phone_number")} = a.phone
    OR (b.latitude BETWEEN a.latitude - 0.001 AND a.latitude + 0.001
        AND b.longitude BETWEEN a.longitude - 0.01 AND a.longitude + 0.01)
)"""

_RULE: Final = f"""
  SELECT a.id AS id, a.name AS name, b.id AS other_id, b.name AS other_name,
         similarity(a.sort_name, b.sort_name) AS similarity,
         coalesce({_DIGITS.format("b.phone_number")} = a.phone, FALSE) AS same_phone,
         12742000 * asin(sqrt(power(sin(radians(b.latitude - a.latitude) / 2), 2)
             + cos(radians(a.latitude)) * cos(radians(b.latitude))
             * power(sin(radians(b.longitude - a.longitude) / 2), 2))) AS distance_m
    FROM a JOIN restaurants_restaurant b ON b.deleted_at IS NULL AND b.id > a.id AND {_NEAR}
"""  # noqa: S608  # made of constants

_VERDICT: Final = """
  SELECT id, name, other_id, other_name, round(similarity::numeric, 2), round(distance_m::numeric), same_phone
    FROM pair
   WHERE (similarity >= %(similar)s AND distance_m < %(near_m)s)
      OR (same_phone AND NOT (similarity >= %(branch_similar)s AND coalesce(distance_m > %(branch_m)s, FALSE)))
   ORDER BY id, other_id
"""

_ALL: Final = f"WITH a AS ({_PLACE}), pair AS ({_RULE}) {_VERDICT}"
_ONE: Final = f"""
WITH a AS NOT MATERIALIZED (
    SELECT 0::bigint AS id, %(name)s::text AS name, %(sort_name)s::text AS sort_name,
           %(latitude)s::float8 AS latitude, %(longitude)s::float8 AS longitude,
           nullif({_DIGITS.format("%(phone)s::text")}, '') AS phone
), pair AS ({_RULE}) {_VERDICT} LIMIT %(most)s
"""  # made of constants


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


class ProbableDuplicate(Conflict):
    """What is proposed is probably in the guide already; `meta.places` says where."""

    code, title = "probable_duplicate", "This place is probably in the guide already"

    def __init__(self, pairs: list[Pair]) -> None:
        named = ", ".join(f"{pair.other_name} ({pair.reason})" for pair in pairs)
        links = ", ".join(f'<{ADDRESS.format(id=pair.other_id)}>; rel="duplicate"' for pair in pairs)
        super().__init__(
            f"Probably the same place: {named}.",
            hint="Change that place instead; if this is another one, send it again with force=true.",
            meta={"places": [_told(pair) for pair in pairs]},
            headers={"Link": links},
        )


def probable_duplicates() -> list[Pair]:
    """Return the pairs of stored places that are probably one, by id.

    Similar names within 50 m, or the same telephone; similar names with one telephone but far apart are branches.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '120s'")
        cursor.execute(_ALL, LIMITS)
        return [_pair(*row) for row in cursor.fetchall()]


def duplicates_of(draft: Draft) -> list[Pair]:
    """Return the stored places that are probably the one proposed, by the same rule; `id` is 0 for the proposed one."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE, {**LIMITS, **_asked(draft), "most": MOST})
        return [_pair(*row) for row in cursor.fetchall()]


def require_new(draft: Draft) -> None:
    """Raise `ProbableDuplicate` when the place is probably stored; two that propose it at once wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('restaurants.proposals'))")
    if pairs := duplicates_of(draft):
        raise ProbableDuplicate(pairs)


def _asked(draft: Draft) -> Mapping[str, Any]:
    return {
        "name": draft.name,
        "sort_name": normalise(draft.name),
        "phone": draft.phone_number,
        "latitude": draft.latitude,
        "longitude": draft.longitude,
    }


def _told(pair: Pair) -> dict[str, Any]:
    return {
        "id": pair.other_id,
        "name": pair.other_name,
        "href": ADDRESS.format(id=pair.other_id),
        "reason": pair.reason,
        "similarity": pair.similarity,
        "distance_m": pair.distance_m,
    }


def _pair(pk: int, name: str, other: int, other_name: str, similarity: Any, distance_m: Any, same_phone: bool) -> Pair:
    distance = None if distance_m is None else int(distance_m)
    return Pair(pk, name, other, other_name, float(similarity), distance, same_phone)
