"""Statements over the restaurants' table `r`, put together from constant parts with named parameters.

The ORM builds and compiles the same SQL anew for every request, which took longer than PostgreSQL takes to answer it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a statement, and the values of the parameters that it names; a name occurs once in a statement."""

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def negated(self) -> "Clause":
        """Return the condition that holds wherever this one does not, also where it is not known."""
        return Clause(f"NOT coalesce({self.sql}, FALSE)", self.params)


NOTHING: Final = Clause("FALSE")
EXISTING: Final = Clause("r.deleted_at IS NULL")
PUBLISHED: Final = Clause("r.state_of_record = 'approved' AND r.deleted_at IS NULL")
BY_ID: Final = Clause("r.id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which rows of an ordered result: so many after the first so many; None: all of them."""

    limit: int | None = None
    offset: int = 0


def rows(columns: str, where: Iterable[Clause], *, order: Clause = BY_ID, part: Slice | None = None) -> list[Any]:
    """Return the rows of the places that meet every condition."""
    part = part or Slice()
    clauses = [*where, order]
    sql = f"""
        SELECT {columns} FROM restaurants_restaurant r WHERE {_all(clauses[:-1])} ORDER BY {order.sql}
        LIMIT %(limit)s OFFSET %(offset)s
    """  # noqa: S608  # made of constants
    return fetched(sql, {**_params(clauses), "limit": part.limit, "offset": part.offset})


def summed(columns: str, where: Sequence[Clause], tail: str = "") -> list[Any]:
    """Return what aggregates of the places that meet every condition come to; `tail` groups and orders them."""
    sql = f"SELECT {columns} FROM restaurants_restaurant r WHERE {_all(where)} {tail}"  # noqa: S608  # made of constants
    return fetched(sql, _params(where))


def count(where: Sequence[Clause]) -> int:
    """Return how many places meet every condition."""
    [(total,)] = summed("count(*)", where)
    return int(total)


def fetched(sql: str, params: Mapping[str, Any]) -> list[Any]:
    """Run a statement and return its rows; values reach it as parameters only."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _all(where: Sequence[Clause]) -> str:
    return " AND ".join(f"({clause.sql})" for clause in where) or "TRUE"


def _params(clauses: Iterable[Clause]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for clause in clauses:
        if twice := params.keys() & clause.params.keys():
            raise ValueError(f"two parts of a statement name the parameter {min(twice)!r}")
        params |= clause.params
    return params
