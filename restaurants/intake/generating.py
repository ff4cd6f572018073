"""Invented places into the tables and out again: by COPY, without a history, since nobody did anything to them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from io import StringIO
from itertools import islice
from typing import Any, Final

from django.db import connection, models, transaction
from django.db.models import CASCADE

from restaurants.freshness import CATALOGUE
from restaurants.intake.inventing import GENERATED, Invented, invent, terms_of
from restaurants.models import Agency, Certificate, Change, Restaurant, SupervisionLevel
from restaurants.spelling import normalise

BATCH: Final = 10_000

_spelled = lru_cache(maxsize=200_000)(normalise)
"""Invented names repeat, and normalising them is most of the work."""


def generate(count: int, seed: int) -> Iterator[int]:
    """Store `count` invented places, each batch in a transaction; yield how many are stored so far."""
    agencies = _agencies()
    invented, stored = invent(count, seed, len(agencies)), 0
    while batch := list(islice(invented, BATCH)):
        with _patient():
            _store(batch, agencies)
            CATALOGUE.invalidate()
        stored += len(batch)
        yield stored
    with _patient() as cursor:
        cursor.execute("ANALYZE restaurants_restaurant, restaurants_certificate, restaurants_supervisionlevel")
        cursor.execute("ANALYZE restaurants_word")


def remove() -> int:
    """Remove every invented place that nobody has changed since, with all that hangs on it; return how many."""
    with _patient():
        removed = _remove()
        CATALOGUE.invalidate()
    return removed


@contextmanager
def _patient() -> Iterator[Any]:
    """Work in a transaction without a limit to a statement's time: ours is meant for requests."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield cursor


def _remove() -> int:
    untouched = Restaurant.objects.filter(source=GENERATED).exclude(
        pk__in=Change.objects.filter(restaurant__source=GENERATED).values("restaurant")
    )
    for relation in Restaurant._meta.related_objects:
        if relation.on_delete is CASCADE:
            dependents: Any = relation.related_model._base_manager
            found = dependents.filter(**{f"{relation.field.name}__in": untouched})
            found._raw_delete(found.db)
    removed: int = untouched._raw_delete(untouched.db)
    return removed


def _agencies() -> list[Agency]:
    Agency.objects.ensure([{"name": "Orthodox Union", "short_name": "OU"}, {"name": "Kosher Miami"}])
    return list(Agency.objects.order_by("pk"))


def _store(batch: Sequence[Invented], agencies: Sequence[Agency]) -> None:
    numbers = _numbers(len(batch))
    placed = list(zip(numbers, batch, strict=True))
    _copy(Restaurant, (_place(pk, place, agencies) for pk, place in placed))
    _copy(
        Certificate,
        (
            {"restaurant_id": pk, "agency_id": agencies[place.agency].pk, "source": GENERATED}
            for pk, place in placed
            if place.agency is not None
        ),
    )
    _copy(
        SupervisionLevel,
        (
            {"restaurant_id": pk, "attribute": attribute, "level": level, "source": GENERATED}
            for pk, place in placed
            for attribute, level in place.levels.items()
        ),
    )


def _numbers(count: int) -> range:
    """Return ids that nobody else is given."""
    sequence = "pg_get_serial_sequence('restaurants_restaurant', 'id')"
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE restaurants_restaurant IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"SELECT setval({sequence}, nextval({sequence}) + %s)", [count])
        last: int = cursor.fetchone()[0]
    return range(last - count, last)


def _place(pk: int, place: Invented, agencies: Sequence[Agency]) -> dict[str, Any]:
    certifier = tuple(dict.fromkeys(agencies[place.agency].search_terms)) if place.agency is not None else ()
    return {
        **place.columns,
        "id": pk,
        "state_of_record": "approved",
        "source": GENERATED,
        "sort_name": _spelled(place.columns["name"]),
        "city_key": _spelled(place.columns["city"]),
        "search_text": " ".join(filter(None, map(_spelled, terms_of(place.columns, certifier)))),
    }


def _copy(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows by COPY; a column that a row does not name takes its field's default."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    defaults: dict[str, Any] = {str(field.column): field.get_default() for field in fields if not field.primary_key}
    names = list(defaults) if model is not Restaurant else ["id", *defaults]
    text = StringIO()
    for row in rows:
        whole = {**defaults, **row}
        text.write("\t".join(_written(whole[name]) for name in names) + "\n")
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {model._meta.db_table} ({', '.join(names)}) FROM STDIN", text)


def _written(value: Any) -> str:
    """Return a value as COPY reads it; what is invented holds no tab, newline or backslash."""
    if value is None:
        return r"\N"
    if isinstance(value, (list, tuple)):
        return "{" + ",".join(value) + "}"
    return value.isoformat() if isinstance(value, datetime) else str(value)
