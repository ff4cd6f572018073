"""Places as values: everything that is known of a restaurant, read in one statement however many there are."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson
from pydantic import TypeAdapter

from restaurants.queries import BY_ID, Clause, Slice, rows
from restaurants.values import Place

PARTS: Final = ("certificates", "levels", "images")
JSON: Final = ("hours_raw_json", *PARTS)
PLAIN: Final = tuple(name for name in Place.__dataclass_fields__ if name not in JSON)
FIELDS: Final = (*PLAIN, *JSON)

_FACTS: Final = {
    "certificates": """
        SELECT c.id, c.number, c.valid_from, c.valid_to, c.scope, c.source, c.sourced_on, c.verified_at,
               jsonb_build_object('id', a.id, 'name', a.name, 'short_name', a.short_name, 'website', a.website)
                   AS agency
        FROM restaurants_certificate c JOIN restaurants_agency a ON a.id = c.agency_id
        WHERE c.restaurant_id = r.id ORDER BY c.id""",
    "levels": """
        SELECT l.attribute, l.level, l.scope, l.source, l.sourced_on FROM restaurants_supervisionlevel l
        WHERE l.restaurant_id = r.id ORDER BY l.attribute COLLATE "C" """,
    "images": """
        SELECT i.url, i.is_primary FROM restaurants_image i WHERE i.restaurant_id = r.id ORDER BY i.position, i.id""",
}
_COLUMNS: Final = ", ".join(
    [
        *(f"r.{name}" for name in PLAIN),
        "r.hours_raw_json::text",
        *(f"(SELECT coalesce(json_agg(fact), '[]')::text FROM ({sql}) AS fact)" for sql in _FACTS.values()),  # noqa: S608
    ]
)
_WHOLE: Final = TypeAdapter(Place)


def read(
    where: Iterable[Clause], *, order: Clause = BY_ID, part: Slice | None = None, extra: Clause | None = None
) -> Iterator[tuple[Place, Any]]:
    """Yield each place that meets every condition, with the value of `extra`, an expression, beside it (None: none)."""
    columns, conditions = _COLUMNS, list(where)
    if extra is not None:
        columns, conditions = f"{_COLUMNS}, {extra.sql}", [*conditions, Clause("TRUE", extra.params)]
    for row in rows(columns, conditions, order=order, part=part):
        yield _place(row), row[len(FIELDS)] if extra is not None else None


def _place(row: tuple[Any, ...]) -> Place:
    said = dict(zip(FIELDS, row, strict=False))
    for name in JSON:
        said[name] = orjson.loads(said[name]) if said[name] is not None else None
    return _WHOLE.validate_python(said)
