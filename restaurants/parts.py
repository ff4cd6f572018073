"""The rows that hang on a place (certificates, levels, images): which are the same, how a set replaces another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import models

if TYPE_CHECKING:
    from restaurants.models import Certificate, Image, Restaurant, SupervisionLevel


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows that hang on a place, as they shall be: unsaved instances. None leaves what is stored."""

    certificates: "Sequence[Certificate] | None" = None
    levels: "Sequence[SupervisionLevel] | None" = None
    images: "Sequence[Image] | None" = None

    def given(self) -> "dict[str, list[models.Model]]":
        """Return the parts that were given, by the name of the relation."""
        parts = {"certificates": self.certificates, "levels": self.levels, "images": self.images}
        return {name: list(rows) for name, rows in parts.items() if rows is not None}


UNCHANGED = Parts()

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "certificates": ("agency_id", "number", "valid_to"),
    "levels": ("attribute",),
    "images": ("url",),
}
"""What makes a part the same part, so that replacing keeps its id and whoever verified it."""

PART_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "certificates": ("agency_id", "number", "valid_from", "valid_to", "scope", "source", "sourced_on"),
    "levels": ("attribute", "level", "scope", "source", "sourced_on"),
    "images": ("url", "position", "is_primary"),
}
"""What a part says; these fields are compared, replaced and kept in the history."""


def replace(name: str, restaurant: "Restaurant", stored: list[Any], wanted: list[Any]) -> None:
    """Make the stored rows of one kind what is wanted: a row that stays the same part keeps its id."""
    rows = [(_counterpart(name, row, stored), row) for row in wanted]
    kept = {row.pk for row, _ in rows if row is not None}
    for obsolete in stored:
        if obsolete.pk not in kept:
            obsolete.delete()
    # A picture that stops being primary is written before the one that becomes it: there may never be two.
    for row, said in sorted(rows, key=lambda pair: getattr(pair[1], "is_primary", False)):
        target = row or said
        target.restaurant = restaurant
        for column in PART_FIELDS[name]:
            setattr(target, column, getattr(said, column))
        target.save()


def _counterpart(name: str, wanted: Any, stored: list[Any]) -> Any:
    """Return the stored row that `wanted` is a newer form of: by its id, or by what makes it the same part."""
    for row in stored:
        same = all(getattr(row, key) == getattr(wanted, key) for key in KEYS[name])
        if row.pk == wanted.pk or (wanted.pk is None and same):
            return row
    return None


def told(name: str, row: models.Model) -> dict[str, Any]:
    """Return what a row says, as JSON holds it."""
    return {column: plain(getattr(row, column)) for column in PART_FIELDS[name]}


def plain(value: Any) -> Any:
    """Return a column's value as JSON holds it."""
    return value.isoformat() if hasattr(value, "isoformat") else value
