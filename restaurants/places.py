"""Places as values: everything that is known of a restaurant, read in one statement however many there are."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from pydantic import TypeAdapter

from restaurants.models import Certificate, Image, Restaurant, SupervisionLevel
from restaurants.values import Place

PARTS: Final = ("certificates", "levels", "images")
COLUMNS: Final = tuple(name for name in Place.__dataclass_fields__ if name not in PARTS)

_AGENCY: Final = JSONObject(
    id="agency_id", name="agency__name", short_name="agency__short_name", website="agency__website"
)
_CERTIFICATE: Final = JSONObject(
    id="id",
    agency=_AGENCY,
    number="number",
    valid_from="valid_from",
    valid_to="valid_to",
    scope="scope",
    source="source",
    sourced_on="sourced_on",
    verified_at="verified_at",
)
_LEVEL: Final = JSONObject(
    attribute="attribute", level="level", scope="scope", source="source", sourced_on="sourced_on"
)
_IMAGE: Final = JSONObject(url="url", is_primary="is_primary")
_WHOLE: Final = TypeAdapter(Place)


def read(restaurants: QuerySet[Restaurant], *extras: str) -> Iterator[tuple[Place, tuple[Any, ...]]]:
    """Yield each restaurant as a value, with the values of `extras` (columns or annotations) beside it."""
    rows = restaurants.annotate(
        certificate_facts=_facts(Certificate.objects.order_by("pk"), _CERTIFICATE),
        level_facts=_facts(SupervisionLevel.objects.order_by("attribute"), _LEVEL),
        image_facts=_facts(Image.objects.order_by("position", "pk"), _IMAGE),
    ).values(*COLUMNS, *extras, "certificate_facts", "level_facts", "image_facts")
    for row in rows:
        parts = {f"{name}s": row.pop(f"{name}_facts") for name in ("certificate", "level", "image")}
        beside = tuple(row[name] for name in extras)
        yield _WHOLE.validate_python({name: row[name] for name in COLUMNS} | parts), beside


def _facts(rows: QuerySet[Any], shape: JSONObject) -> ArraySubquery:
    return ArraySubquery(rows.filter(restaurant=OuterRef("pk")).values(json=shape))
