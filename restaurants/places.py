"""Places as values: everything that is known of a restaurant, read in one statement however many there are."""

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import JSONField, QuerySet
from django.db.models.expressions import RawSQL
from pydantic import TypeAdapter

from restaurants.models import Restaurant
from restaurants.values import Place

PARTS: Final = ("certificates", "levels", "images")
COLUMNS: Final = tuple(name for name in Place.__dataclass_fields__ if name not in PARTS)

# Constants, not expressions of the ORM: building and compiling those took 10 of the 12 ms of a read.
_FACTS: Final = {
    "certificate_facts": """
        SELECT c.id, c.number, c.valid_from, c.valid_to, c.scope, c.source, c.sourced_on, c.verified_at,
               jsonb_build_object('id', a.id, 'name', a.name, 'short_name', a.short_name, 'website', a.website)
                   AS agency
        FROM restaurants_certificate c JOIN restaurants_agency a ON a.id = c.agency_id
        WHERE c.restaurant_id = restaurants_restaurant.id ORDER BY c.id""",
    "level_facts": """
        SELECT l.attribute, l.level, l.scope, l.source, l.sourced_on FROM restaurants_supervisionlevel l
        WHERE l.restaurant_id = restaurants_restaurant.id ORDER BY l.attribute COLLATE "C" """,
    "image_facts": """
        SELECT i.url, i.is_primary FROM restaurants_image i
        WHERE i.restaurant_id = restaurants_restaurant.id ORDER BY i.position, i.id""",
}
_WHOLE: Final = TypeAdapter(Place)


def read(restaurants: QuerySet[Restaurant], *extras: str) -> Iterator[tuple[Place, tuple[Any, ...]]]:
    """Yield each restaurant as a value, with the values of `extras` (columns or annotations) beside it."""
    facts = {name: _aggregated(sql) for name, sql in _FACTS.items()}
    rows = restaurants.annotate(**facts).values_list(*COLUMNS, *facts, *extras)
    fields = (*COLUMNS, *PARTS)
    for row in rows:
        yield _WHOLE.validate_python(dict(zip(fields, row, strict=False))), row[len(fields) :]


def _aggregated(facts: str) -> RawSQL:
    """Return rows as one JSON array. The text is a constant of this module."""
    sql = f"(SELECT coalesce(jsonb_agg(facts), '[]') FROM ({facts}) AS facts)"  # noqa: S608
    return RawSQL(sql, (), output_field=JSONField())  # noqa: S611
