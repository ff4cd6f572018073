"""Many places at once: planned for people to look at, then made in one transaction, or not at all."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from jewgo.core.errors import Conflict
from jewgo.core.middleware import current_request_id
from restaurants.drafts import draft_of
from restaurants.duplicates import duplicates_of
from restaurants.models import Restaurant
from restaurants.rules import findings
from restaurants.services.keeping import accept
from restaurants.services.reading import whole
from restaurants.sheets import Fault, Wanted
from restaurants.sourcing import SOURCED_ON
from restaurants.values import Draft, Place

SHAPES: Final = {
    "country": (r"[A-Z]{2}", "two capital letters, such as US"),
    "price_range": (r"[$]{1,4}", "one to four dollar signs"),
    "sourced_on": (SOURCED_ON, "2019, 2025-08 or 2025-08-12"),
}
LIMITS: Final = {"latitude": 90, "longitude": 180}


class BulkRefused(Conflict):
    """Something stands against one of the changes, so none was made. No contract meets it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("Nothing was changed", meta={"faults": [fault.detail for fault in faults]})
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one place: what differs, before and after, what stands against it, what to look at."""

    wanted: Wanted
    name: str
    version: int | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether the place would be stored for the first time."""
        return self.wanted.id is None

    @property
    def differences(self) -> list[tuple[str, Any, Any]]:
        """What differs, as (column, before, after)."""
        return [(name, self.before.get(name), value) for name, value in self.after.items()]

    @property
    def faults(self) -> list[Fault]:
        """What stands against it, with its line and its name."""
        return [Fault(self.wanted.line, f"{self.name}: {problem}") for problem in self.problems]


@dataclass(frozen=True, slots=True)
class Made:
    """How many places were added and changed, and how many were so already."""

    created: int
    updated: int
    unchanged: int


def plan(wanted: Sequence[Wanted]) -> tuple[Planned, ...]:
    """Say what would become of each place; stores nothing, and reads those that exist in one statement."""
    places = {place.id: place for place in whole([one.id for one in wanted if one.id is not None])}
    return tuple(_new(one) if one.id is None else _changed(one, places.get(one.id)) for one in wanted)


def make(wanted: Sequence[Wanted], actor: str, *, action: str) -> Made:
    """Make every change in one transaction with its history; raises `BulkRefused`, and then nothing was changed."""
    try:
        with transaction.atomic():
            ids = sorted(one.id for one in wanted if one.id is not None)
            rows = {row.pk: row for row in Restaurant.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
            planned = plan(wanted)
            if faults := [fault for one in planned for fault in one.faults]:
                raise BulkRefused(faults)
            for one in planned:
                _make(one, rows, actor, action)
    except DatabaseError as error:
        raise BulkRefused([Fault(None, str(error).splitlines()[0])]) from error
    return _counted(planned)


def _make(one: Planned, rows: Mapping[int, Restaurant], actor: str, action: str) -> None:
    if one.wanted.id is None:
        accept(_draft(one.wanted.changes), actor)
    elif one.after:
        row = rows[one.wanted.id]
        for name, value in one.after.items():
            setattr(row, name, list(value) if isinstance(value, tuple) else value)
        Restaurant.objects.store(row, actor=actor, action=action, request_id=current_request_id())


def _counted(planned: Iterable[Planned]) -> Made:
    kinds = ["new" if one.is_new else "updated" if one.after else "unchanged" for one in planned]
    return Made(kinds.count("new"), kinds.count("updated"), kinds.count("unchanged"))


def _new(wanted: Wanted) -> Planned:
    draft = _draft(wanted.changes)
    problems = [problem.detail for problem in findings(draft)] + _misshapen(wanted.changes)
    near = duplicates_of(draft) if not problems else []
    notes = [f"Probably {pair.other_name} ({pair.other_id}): {pair.reason}." for pair in near]
    after = {name: value for name, value in wanted.changes.items() if value not in (None, "", ())}
    return Planned(wanted, draft.name or "(no name)", None, {}, after, tuple(problems), tuple(notes))


def _changed(wanted: Wanted, place: Place | None) -> Planned:
    if place is None:
        problem = f"There is no restaurant {wanted.id}, or it is deleted."
        return Planned(wanted, f"Restaurant {wanted.id}", None, {}, {}, (problem,))
    before = {name: getattr(place, name) for name in wanted.changes}
    after = {name: value for name, value in wanted.changes.items() if value != before[name]}
    problems = [*_stale(wanted, place), *_broken(place, after), *_misshapen(after)]
    return Planned(wanted, place.name, place.version, before, after, tuple(dict.fromkeys(problems)))


def _stale(wanted: Wanted, place: Place) -> list[str]:
    if wanted.version in (None, place.version):
        return []
    return [f"Somebody changed it meanwhile: it is version {place.version}, yours is {wanted.version}."]


def _broken(place: Place, after: Mapping[str, Any]) -> list[str]:
    """Return the rules that the change would break; what an import left broken before is no hindrance."""
    draft = draft_of(place)
    known = {(problem.code, problem.pointer) for problem in findings(draft)}
    broken = findings(replace(draft, **{**after, "name": after.get("name", place.name) or ""}))
    return [problem.detail for problem in broken if (problem.code, problem.pointer) not in known]


def _misshapen(values: Mapping[str, Any]) -> list[str]:
    """Return what no column would take."""
    found = [f"{name}: {form}." for name, (shape, form) in SHAPES.items() if not _fits(shape, values.get(name))]
    for name, most in LIMITS.items():
        degrees = values.get(name)
        if degrees is not None and not (math.isfinite(degrees) and abs(degrees) <= most):
            found.append(f"{name}: between -{most} and {most}.")
    row = Restaurant(**{name: list(value) if isinstance(value, tuple) else value for name, value in values.items()})
    try:
        row.clean_fields(exclude={field.name for field in Restaurant._meta.fields} - set(values) | set(LIMITS))
    except ValidationError as error:
        found += [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items() if name != "name"]
    return found


def _fits(shape: str, value: str | None) -> bool:
    return not value or re.fullmatch(shape, value) is not None


def _draft(changes: Mapping[str, Any]) -> Draft:
    return Draft(**{**changes, "name": changes.get("name") or ""})
