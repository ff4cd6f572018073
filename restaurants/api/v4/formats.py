"""The guide as files: NDJSON, GeoJSON (RFC 7946) and CSV (RFC 4180) that no spreadsheet takes for formulas."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jewgo.core.api.wire import dumps
from restaurants.api.v4.shapes import SHOWN, present
from restaurants.kosher import Attribute
from restaurants.values import Place

Plain = dict[str, Any]

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet may take for the beginning of a formula (OWASP, "CSV Injection")."""

_NESTED: Final = {"location", "kosher", "hours", "images"}
_LEVELS: Final = tuple(Attribute.values)
COLUMNS: Final = (
    *(name for name in SHOWN if name not in _NESTED),
    "latitude",
    "longitude",
    "kosher_categories",
    *_LEVELS,
    "agencies",
    "certified_until",
    "opening_hours",
    "hours_text",
    "images",
)
"""The columns of a CSV, in their order; several values are parted by `; `, unknown is empty."""


def as_ndjson(places: Iterable[Place], at: datetime) -> Iterator[bytes]:
    """Yield a restaurant a line, as the list shows it."""
    for place in places:
        yield dumps(present(place, at=at)) + b"\n"


def as_geojson(places: Iterable[Place], at: datetime) -> Iterator[bytes]:
    """Yield a FeatureCollection; a place of unknown whereabouts is a feature without geometry."""
    yield b'{"type":"FeatureCollection","features":['
    for number, place in enumerate(places):
        yield (b",\n" if number else b"\n") + dumps(_feature(place, at))
    yield b"\n]}\n"


def as_csv(places: Iterable[Place], at: datetime) -> Iterator[bytes]:
    """Yield the header and a row a place, in UTF-8 with CRLF."""
    line = csv.writer(_Line(), lineterminator="\r\n")
    yield line.writerow(COLUMNS)
    for place in places:
        row = _row(place, at)
        yield line.writerow([_cell(row[name]) for name in COLUMNS])


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write the guide."""

    media_type: str
    write: Callable[[Iterable[Place], datetime], Iterator[bytes]]


FORMATS: Final[Mapping[str, Format]] = {
    "ndjson": Format("application/x-ndjson", as_ndjson),
    "geojson": Format("application/geo+json", as_geojson),
    "csv": Format("text/csv; charset=utf-8", as_csv),
}


class _Line:
    """A file for csv.writer that hands back each line."""

    def write(self, text: str) -> bytes:
        return text.encode()


def _feature(place: Place, at: datetime) -> Plain:
    properties = present(place, at=at)
    where = properties.pop("location")
    geometry = where and {"type": "Point", "coordinates": [where["longitude"], where["latitude"]]}
    return {"type": "Feature", "id": place.id, "geometry": geometry, "properties": properties}


def _row(place: Place, at: datetime) -> Plain:
    certified = [fact.valid_to.isoformat() for fact in place.certificates if fact.valid_to is not None]
    return {
        **present(place, at=at),
        "latitude": place.latitude,
        "longitude": place.longitude,
        "kosher_categories": "; ".join(place.kosher_categories),
        **{attribute: place.level(attribute) or "unknown" for attribute in _LEVELS},
        "agencies": "; ".join(dict.fromkeys(fact.agency.name for fact in place.certificates)),
        "certified_until": max(certified, default=None),
        "opening_hours": place.opening_hours,
        "hours_text": place.hours_raw,
        "images": "; ".join(image.url for image in place.images),
    }


def _cell(value: Any) -> Any:
    """Return the value as a cell; a text that looks like a formula gets an apostrophe, numbers stay numbers."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(DANGEROUS) else value
    return value.isoformat() if hasattr(value, "isoformat") else value
