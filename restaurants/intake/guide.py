"""The project's own form of a guide: one place a line, only what is known, each with its source and date."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from restaurants.intake.records import CERTIFICATE_KEYS, LEVEL_KEYS, Record
from restaurants.intake.sources import UnreadableSource
from restaurants.intake.writing import Outcome, write
from restaurants.kosher import Attribute
from restaurants.lifecycle import RecordState
from restaurants.models import Restaurant

ACTOR: Final = "import_guide"
SAMPLE: Final = Path(__file__).parent.parent / "sample" / "guide.json"

FIELDS: Final = (
    "name", "address", "city", "state", "country", "zip_code", "phone_number", "listing_type", "kosher_categories",
    "latitude", "longitude", "timezone", "opening_hours", "opens_after_shabbat_min", "closes_before_shabbat_min",
    "hours_updated_at", "hours_source", "is_shabbat_exempt", "quality_flags", "source", "sourced_on",
)  # fmt: skip
"""The columns that a guide holds. Certificates and levels name source and date where these are not the place's."""

_ORIGIN: Final = ("source", "sourced_on")


def export_guide() -> Iterator[str]:
    """Yield the guide's text in pieces: every published place, ordered by id; the same data give the same text."""
    places = Restaurant.objects.published().order_by("pk").whole()
    lines = (json.dumps(_said_of(place), ensure_ascii=False) for place in places)
    yield "[\n"
    for number, line in enumerate(lines):
        yield line if number == 0 else f",\n{line}"
    yield "\n]\n"


def read_guide(path: Path) -> list[Record]:
    """Return the records of a guide. Raises `UnreadableSource`."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [_record(entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableSource(f"{path} is not a guide: {error!r}") from error


def import_guide(path: Path) -> list[Outcome]:
    """Write a guide's places as approved ones, say what became of each, and change nothing the second time."""
    outcomes = list(write(read_guide(path), actor=ACTOR))
    Restaurant.objects.reset_sequence()
    return outcomes


def _said_of(place: Restaurant) -> dict[str, Any]:
    origin = {key: getattr(place, key) for key in _ORIGIN}
    certificates = sorted(place.certificates.all(), key=lambda row: (row.agency.name, row.number or "", row.pk))
    levels = sorted(place.levels.all(), key=lambda row: list(Attribute).index(Attribute(row.attribute)))
    return _known({
        "id": place.pk,
        **{name: getattr(place, name) for name in FIELDS},
        "certificates": [_part(row, CERTIFICATE_KEYS, origin) for row in certificates],
        "levels": [_part(row, LEVEL_KEYS, origin) for row in levels],
    })  # fmt: skip


def _part(row: Any, keys: Iterable[str], origin: Mapping[str, str]) -> dict[str, Any]:
    said = {key: getattr(row, key) for key in keys}
    if all(said[key] == origin[key] for key in _ORIGIN):
        said = {key: value for key, value in said.items() if key not in _ORIGIN}
    return _known({key: str(value) if key == "agency" else value for key, value in said.items()})


def _known(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a place, with dates as ISO texts; what is not exempt needs no mention."""
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key, value in said.items()
        if value not in (None, "", []) and value is not False
    }


def _record(entry: Any) -> Record:
    if not isinstance(entry, dict):
        raise TypeError(f"{entry!r} is not an object")
    if unknown := entry.keys() - {"id", "certificates", "levels", *FIELDS}:
        raise ValueError(f"place {entry['id']} has the key {min(unknown)!r}, which a guide does not have")
    origin = {key: entry.get(key, "") for key in _ORIGIN}
    fields = {key: entry[key] for key in FIELDS if key in entry}
    return Record(
        id=int(entry["id"]),
        fields={**fields, "name": entry["name"], "state_of_record": RecordState.APPROVED.value},
        certificates=tuple(origin | said for said in entry.get("certificates", ())),
        levels=tuple(origin | said for said in entry.get("levels", ())),
    )
