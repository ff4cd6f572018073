"""What v3's PUT says of a place, and what that changes of the place as it stands: pure, the same for both engines.

v3 has one category, two booleans and one agency where the guide knows several with level, scope and source. So what v3
says the way it was shown changes nothing: an app that reads a place and sends it back loses no fact.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from restaurants.hours import is_sentinel, understand
from restaurants.kosher import Level, boolean_of
from restaurants.lifecycle import after, move_between
from restaurants.values import LevelFact, Place

UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Amendment:
    """What was given; None and absent leave what stands. `category` may be `unknown`; `source` is who says so."""

    source: str
    columns: Mapping[str, Any] = field(default_factory=dict)
    category: str | None = None
    levels: Mapping[str, bool] = field(default_factory=dict)
    agency: str | None = None
    image: str | None = None
    hours: str | None = None
    record_state: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What an amendment changes: columns, levels that take the place of others, and what v3 shall show first."""

    columns: Mapping[str, Any]
    levels: tuple[LevelFact, ...]
    agency: str | None
    image: str | None
    action: str = "update"


def effect_of(said: Amendment, place: Place, at: datetime) -> Effect:
    """Return what `said` changes of `place`; raises `IllegalRecordMove`, or `InvalidInput` without a reason."""
    columns = {**said.columns, **_category(said, place), **_hours(said, place, at)}
    moved, action = _moved(said, place)
    shown = next((image.url for image in place.images if image.is_primary), None)
    return Effect(
        columns={name: value for name, value in columns.items() if _stands(place, name) != value} | moved,
        levels=tuple(_levels(said, place)),
        agency=said.agency,
        image=said.image if said.image != shown else None,
        action=action,
    )


def _stands(place: Place, name: str) -> Any:
    """Return the column as the place has it; one that the value does not carry counts as different."""
    value = getattr(place, name, ...)
    return list(value) if isinstance(value, tuple) else value


def _category(said: Amendment, place: Place) -> dict[str, Any]:
    if said.category is None or said.category == (place.kosher_category or UNKNOWN):
        return {}
    categories = [] if said.category == UNKNOWN else [said.category]
    return {"kosher_categories": categories, "source": said.source, "sourced_on": ""}


def _levels(said: Amendment, place: Place) -> list[LevelFact]:
    return [
        LevelFact(attribute, (Level.ALL if holds else Level.NONE).value, source=said.source)
        for attribute, holds in said.levels.items()
        if boolean_of(place.level(attribute)) is not holds
    ]


def _hours(said: Amendment, place: Place, at: datetime) -> dict[str, Any]:
    """Return the hours as an importer reads them; a text that is not understood is kept and reported."""
    if said.hours is None or said.hours.strip() == (place.hours_raw or "").strip():
        return {}
    read = understand(said.hours, None)
    return {
        "hours_raw": None if is_sentinel(said.hours) else said.hours,
        "hours_raw_json": None,
        "opening_hours": read.opening_hours,
        "hours_problem": read.problem,
        "hours_updated_at": at,
        "opens_after_shabbat_min": read.opens_after_shabbat_min,
        "closes_before_shabbat_min": read.closes_before_shabbat_min,
    }


def _moved(said: Amendment, place: Place) -> tuple[dict[str, Any], str]:
    if said.record_state is None or said.record_state == place.state_of_record:
        return {}, "update"
    move = move_between(place.state_of_record, said.record_state)
    target = after(move, place.state_of_record, said.reason)
    return {"state_of_record": target.value, "state_reason": said.reason.strip()}, move.value
