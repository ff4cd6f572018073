"""Records into rows: in batches, each one transaction; what the source did not change is not touched."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction

from restaurants.freshness import CATALOGUE
from restaurants.intake.records import Record, certificate_row, column, columns, image_rows, level_row
from restaurants.models import Agency, Origin, Restaurant
from restaurants.parts import KEYS, Parts
from restaurants.repositories import Entry
from restaurants.spelling import normalise

BATCH: Final = 200
PARTS: Final = frozenset({"certificates", "levels", "images"})
"""What a source speaks of; specials are the place's own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record."""

    record: Record
    result: Literal["created", "updated", "unchanged", "rejected"]
    reason: str = ""


def write(records: Iterable[Record], *, actor: str) -> Iterator[Outcome]:
    """Write records and say of each what became of it, a batch at a time and each batch in a transaction.

    A place that no import ever wrote is not overwritten: its record is rejected. Of an imported place only what its
    source says differently from last time is changed, so what staff settled meanwhile stays. Agencies of unknown name
    are added. A batch that the database refuses is written again row by row, to reject only what is wrong.
    """
    remaining = iter(records)
    while batch := list(islice(remaining, BATCH)):
        yield from _write_batch(batch, actor)


def _write_batch(batch: Sequence[Record], actor: str) -> list[Outcome]:
    try:
        with transaction.atomic():
            return _Batch(batch, actor).write()
    except (DataError, IntegrityError, ValidationError) as error:
        if len(batch) > 1:
            return [outcome for record in batch for outcome in _write_batch([record], actor)]
        return [Outcome(batch[0], "rejected", _reason(error))]


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
    return str(error).splitlines()[0]


class _Batch:
    """One batch with everything that it needs from the database, read once."""

    def __init__(self, records: Sequence[Record], actor: str) -> None:
        self.records, self.actor = records, actor
        ids = [record.id for record in records]
        self.places = Restaurant.objects.select_for_update().in_bulk(ids)
        self.origins = Origin.objects.in_bulk(ids)
        self.agencies = Agency.objects.by_key()

    def write(self) -> list[Outcome]:
        outcomes = [self._judge(record) for record in self.records]
        written = {
            outcome.record.id: outcome.record for outcome in outcomes if outcome.result in {"created", "updated"}
        }
        new = [self._entry(outcome.record) for outcome in outcomes if outcome.result == "created"]
        Restaurant.objects.add_all(new, actor=self.actor, action="import")
        for outcome in outcomes:
            if outcome.result == "updated":
                self._update(outcome.record)
        Origin.objects.remember({pk: record.plain() for pk, record in written.items()})
        if new:
            CATALOGUE.invalidate()
        return outcomes

    def _judge(self, record: Record) -> Outcome:
        origin = self.origins.get(record.id)
        if record.id not in self.places:
            return Outcome(record, "created")
        if origin is None:
            taken = self.places[record.id].name
            return Outcome(record, "rejected", f"the id {record.id} belongs to {taken!r}, which was not imported")
        return Outcome(record, "unchanged" if origin.record == record.plain() else "updated")

    def _entry(self, record: Record) -> Entry:
        place = record.restaurant()
        place.clean_fields(exclude=["id"])
        plain = record.plain()
        return Entry(place, Parts(**{name: self._rows(name, plain[name]) for name in PARTS}))

    def _rows(self, name: str, said: Sequence[Any]) -> list[Any]:
        """Return a part of a plain record as unsaved rows."""
        if name == "certificates":
            return [certificate_row(certificate, self._agency(certificate)) for certificate in said]
        return [level_row(level) for level in said] if name == "levels" else image_rows(tuple(said))

    def _update(self, record: Record) -> None:
        """Apply what the source changed since it was last read, and nothing else."""
        place, before, after = self.places[record.id], self.origins[record.id].record, record.plain()
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        for name in changed - PARTS:
            setattr(place, name, _column(name, after.get(name)))
        place.clean_fields(exclude=["id"])
        parts = {name: self._merged(place, name, before, record) for name in changed & PARTS}
        Restaurant.objects.store(place, actor=self.actor, action="import", parts=Parts(**parts))

    def _merged(self, place: Restaurant, name: str, before: Mapping[str, Any], record: Record) -> list[Any]:
        """Return the part as it shall be: what others added, then what the source says now."""
        entry = self._entry(record).parts.given()[name]
        said = {_key(name, row) for row in entry}
        old = self._rows(name, before[name])
        obsolete = said | {_key(name, row) for row in old}
        return [*(row for row in getattr(place, name).all() if _key(name, row) not in obsolete), *entry]

    def _agency(self, said: Mapping[str, Any]) -> Agency:
        wording = said["agency"]
        key = normalise(wording)
        if key not in self.agencies:
            agency = Agency(name=wording)
            agency.save()
            self.agencies |= dict.fromkeys(agency.keys, agency)
        return self.agencies[key]


def _key(name: str, row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, part) for part in KEYS[name])


def _column(name: str, value: Any) -> Any:
    """Return the column's value; what the source no longer says is unknown again, in the column's own way."""
    if value is not None:
        return columns({name: value})[name]
    return None if column(name).null else column(name).get_default()
