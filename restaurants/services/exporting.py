"""The guide as a stream: place after place from a cursor that PostgreSQL holds, in bounded memory."""

from collections.abc import Iterator
from typing import Final
from uuid import uuid4

from django.db import connection, transaction
from pydantic import TypeAdapter

from restaurants.discovery.conditions import meeting
from restaurants.filters import Question
from restaurants.places import WHOLE
from restaurants.services.reading import understood
from restaurants.values import Place

ROWS_AT_ONCE: Final = 200
_PLACE: Final = TypeAdapter(Place)


def export(question: Question) -> Iterator[Place]:
    """Yield every approved place that meets the question's filter, by id, as they stood when it began.

    The transaction lasts as long as the iterator is read: close it.
    """
    condition = meeting(understood(question).filter)
    # One place a row, since one text of all of them would have to fit into memory twice.
    sql = f"SELECT to_json({WHOLE})::text FROM restaurants_restaurant r WHERE {condition.sql} ORDER BY r.id"  # noqa: S608
    with transaction.atomic():
        connection.ensure_connection()
        with connection.connection.cursor(name=f"export_{uuid4().hex}") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(sql, condition.parameters)
            for (text,) in cursor:
                yield _PLACE.validate_json(text)
