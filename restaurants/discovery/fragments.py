"""A piece of a statement with its parameters, and running the whole; the text is always made of our own constants."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from django.db import connection


class Fragment(NamedTuple):
    """SQL over `r`, a row of restaurants_restaurant, and the values of the parameters that it names."""

    sql: str
    parameters: Mapping[str, Any] = {}


PUBLISHED: Final = Fragment("r.state_of_record = 'approved' AND r.deleted_at IS NULL")
"""What the public sees."""
EXISTING: Final = Fragment("r.deleted_at IS NULL")
"""What those who keep the catalogue see."""
NOTHING: Final = Fragment("false")


def every(conditions: Iterable[Fragment]) -> Fragment:
    """Return the condition that all of `conditions` hold; their parameters' names must differ."""
    pieces = tuple(conditions)
    parameters = {name: value for piece in pieces for name, value in piece.parameters.items()}
    return Fragment(" AND ".join(f"({piece.sql})" for piece in pieces), parameters)


def either(first: Fragment, second: Fragment) -> Fragment:
    """Return the condition that one of both holds."""
    return Fragment(f"({first.sql}) OR ({second.sql})", {**first.parameters, **second.parameters})


def excluded(condition: Fragment) -> Fragment:
    """Return the condition that `condition` is not known to hold: what is unknown stays in."""
    return Fragment(f"({condition.sql}) IS NOT TRUE", condition.parameters)


def answer(statement: Fragment) -> str | None:
    """Run a statement of one row and one text, and return that text."""
    with connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.parameters)
        text: str | None = cursor.fetchone()[0]
    return text
