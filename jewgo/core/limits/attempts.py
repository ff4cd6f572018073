"""Limits kept in PostgreSQL, for what has to be limited though Redis is away: guesses at a password."""

import math
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection

from jewgo.core.models import Attempts
from jewgo.core.pruning import prune

CLOCKS_APART: Final = timedelta(minutes=1)
"""How long what is over is left alone: the clock of another machine may be behind."""

_TAKE = """
INSERT INTO core_attempts AS kept (digest, taken_at, passed, ends_at)
VALUES (%(digest)s, ARRAY[%(now)s::timestamptz], true, %(now)s::timestamptz + %(window)s)
ON CONFLICT (digest) DO UPDATE SET (taken_at, passed, ends_at) = (
    SELECT
        CASE WHEN has_room THEN live || %(now)s::timestamptz ELSE live END,
        has_room,
        greatest(kept.ends_at, EXCLUDED.ends_at)
    FROM (SELECT ARRAY(
        SELECT at FROM unnest(kept.taken_at) AS at WHERE at > %(now)s::timestamptz - %(window)s ORDER BY at
    ) AS live) AS counted, LATERAL (SELECT cardinality(live) < %(limit)s AS has_room) AS decided
)
RETURNING passed, cardinality(taken_at), taken_at[cardinality(taken_at) - %(limit)s + 1]
"""

_GIVE_BACK = "UPDATE core_attempts SET taken_at = array_remove(taken_at, %(at)s::timestamptz) WHERE digest = %(digest)s"


class Taken(NamedTuple):
    """Whether one more was allowed, how many are left, and in how many whole seconds to ask again (0: passed)."""

    passed: bool
    remaining: int
    retry_after_s: int


def take(name: str, key: str, *, limit: int, window_s: float, now: datetime) -> Taken:
    """Count one attempt of `key` at `name`, unless `limit` (at least 1) were counted in the last `window_s` seconds.

    One statement decides, so that any number of processes let exactly `limit` pass within any stretch of time as long
    as the window. A refused attempt does not count: whoever goes on hammering is let in again as early as anybody.
    Call it outside of a transaction that may be rolled back, else the attempt is forgotten with it.
    """
    window = timedelta(seconds=window_s)
    values: dict[str, Any] = {"digest": _digest(name, key), "now": now, "window": window, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        passed, count, frees_at = cursor.fetchone()
    if count == 1:  # the first of its window may be a new row: for each that comes, some that are over go
        prune(Attempts, before=now - CLOCKS_APART)
    wait_s = 0 if passed else max(1, math.ceil((frees_at + window - now).total_seconds()))
    return Taken(passed, max(0, limit - count), wait_s)


def give_back(name: str, key: str, *, taken_at: datetime) -> None:
    """Forget the attempt that was counted at that moment: it turned out not to be one."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, {"digest": _digest(name, key), "at": taken_at})


def _digest(name: str, key: str) -> str:
    """Return what stands for a key in the table: a keyed hash, since a key may be an address or an e-mail."""
    root = blake2b(settings.SECRET_KEY.encode(), person=b"jewgo-attempts").digest()
    return blake2b(f"{name}\n{key}".encode(errors="replace"), key=root, digest_size=16).hexdigest()
