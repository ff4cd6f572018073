"""The rows that hang on a place: which are the same, how a set replaces another, what of them is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import models

if TYPE_CHECKING:
    from restaurants.models import Certificate, Image, Restaurant, Special, SupervisionLevel


@dataclass(frozen=True, slots=True)
class Parts:
    """The rows that hang on a place, as they shall be: unsaved instances. None leaves what is stored."""

    certificates: "Sequence[Certificate] | None" = None
    levels: "Sequence[SupervisionLevel] | None" = None
    images: "Sequence[Image] | None" = None
    specials: "Sequence[Special] | None" = None

    def given(self) -> "dict[str, list[models.Model]]":
        """Return the parts that were given, by the name of the relation."""
        parts = {name: getattr(self, name) for name in KEYS}
        return {name: list(rows) for name, rows in parts.items() if rows is not None}


UNCHANGED = Parts()

SLOTS: Final = (1, 2, 3)
"""The places that a restaurant has for active specials."""

STATED: Final = ("agency_id", "number", "valid_from", "valid_to")
"""What a certificate states; whoever verified it, verified this."""

VERIFIED: Final = ("verified_at", "verified_by_id", "verifier")

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "certificates": ("agency_id", "number", "valid_to"),
    "levels": ("attribute",),
    "images": ("url",),
    "specials": ("title", "starts_at"),
}
"""What makes a part the same part, so that replacing keeps its id and whoever verified it."""

PART_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "certificates": (*STATED, "scope", "source", "sourced_on", *VERIFIED),
    "levels": ("attribute", "level", "scope", "source", "sourced_on"),
    "images": ("url", "position", "is_primary"),
    "specials": ("title", "description", "price", "starts_at", "ends_at", "is_active"),
}
"""What a part says; these fields are compared, replaced and kept in the history."""

ASIDE: Final[Mapping[str, tuple[str, ...]]] = {"images": ("file",), "specials": ("slot",)}
"""What is stored with a part and is no news: the history does not tell of it."""


def replace(name: str, restaurant: "Restaurant", stored: list[Any], wanted: list[Any]) -> None:
    """Make the stored rows of one kind what is wanted: a row that stays the same part keeps its id."""
    rows = [(_counterpart(name, row, stored), row) for row in wanted]
    kept = {row.pk for row, _ in rows if row is not None}
    for obsolete in stored:
        if obsolete.pk not in kept:
            obsolete.delete()
    # What gives up a place that only one may hold is written before what takes it: there may never be two.
    for row, said in sorted(rows, key=lambda pair: _holds_a_place(pair[1])):
        target = row or said
        target.restaurant = restaurant
        aside = ASIDE.get(name, ()) if said.pk is not None or row is None else ()
        for column in (*PART_FIELDS[name], *aside):
            setattr(target, column, getattr(said, column))
        target.save()


def _holds_a_place(row: Any) -> bool:
    """Whether a row is the primary picture, or an active special."""
    return bool(getattr(row, "is_primary", False) or getattr(row, "is_active", False))


def carry(name: str, stored: list[Any], wanted: list[Any]) -> None:
    """Let a certificate that states the same stay verified, and one that states something else no longer be."""
    if name != "certificates":
        return
    for row in wanted:
        known = _counterpart(name, row, stored)
        states_the_same = known is not None and all(getattr(known, said) == getattr(row, said) for said in STATED)
        if not states_the_same:
            row.verified_at, row.verified_by_id, row.verifier = None, None, ""
        elif row.pk is None:
            for column in VERIFIED:
                setattr(row, column, getattr(known, column))


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
