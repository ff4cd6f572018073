"""Rows that have an end and nobody asks for afterwards: a few of them go whenever another comes."""

from datetime import datetime
from typing import Final

from django.db import connection, models

AT_ONCE: Final = 10

_PRUNE = """
DELETE FROM {table} WHERE digest IN (
    SELECT digest FROM {table} WHERE ends_at < %(before)s ORDER BY ends_at, digest
    LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
"""


def prune(kind: type[models.Model], *, before: datetime, most: int = AT_ONCE) -> int:
    """Delete at most so many rows whose `ends_at` is past, the oldest first, and return how many went.

    Waits for nobody. More go at once than come, so that a table holds little more than what still counts.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE.format(table=kind._meta.db_table), {"before": before, "most": most})
        return int(cursor.rowcount)
