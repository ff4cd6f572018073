"""Places as a spreadsheet (CSV) and back: what a keeper exports, edits and sends again. Pure."""

import csv
import difflib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from restaurants.values import Place

TEXTS: Final = (
    "name", "address", "city", "state", "country", "zip_code", "phone_number", "website", "listing_type",
    "establishment_type", "short_description", "price_range", "google_listing_url", "timezone",
)  # fmt: skip
EDITABLE: Final = (*TEXTS, "kosher_categories", "latitude", "longitude", "source", "sourced_on")
"""The columns that an import reads; of a place that exists those that the sheet has."""
SHOWN: Final = ("agencies", "record_state", "opening_hours")
"""The columns that an export has for people; an import leaves them alone."""
COLUMNS: Final = ("id", "version", *EDITABLE, *SHOWN)
MAX_ROWS: Final = 1000
MAX_BYTES: Final = 512 * 1024
FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")
"""What makes a spreadsheet take a cell for a formula when it stands first (OWASP, CSV injection)."""
_BOM: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one place shall be: `id` None is a new one, `version` None is whichever there is."""

    id: int | None
    changes: Mapping[str, Any]
    version: int | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a sheet, by line; None: with the sheet as a whole."""

    line: int | None
    detail: str


@dataclass(slots=True)
class Sheet:
    """What a sheet wants, and what is wrong with it."""

    wanted: list[Wanted] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def write(places: Iterable[Place]) -> str:
    """Return the places as CSV (RFC 4180) that spreadsheets read as UTF-8 and never as formulas."""
    out = io.StringIO()
    out.write(_BOM)
    sheet = csv.writer(out)
    sheet.writerow(COLUMNS)
    for place in places:
        sheet.writerow(_cell(value) for value in _cells(place))
    return out.getvalue()


def read(text: str) -> Sheet:
    """Return what a sheet wants, with every fault that it has in itself; the guide is not asked."""
    sheet = Sheet()
    if "\0" in text:
        sheet.faults.append(Fault(None, "This is no text: it has the character NUL."))
        return sheet
    rows = _rows(text, sheet)
    _, header = next(rows, (1, []))
    names = [unescaped(name).strip().casefold() for name in header]
    sheet.faults += _misnamed(names)
    if not sheet.faults:
        _read_rows(rows, names, sheet)
    return sheet


def escaped(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula; `unescaped` undoes it."""
    return f"'{text}" if text[:1] in FORMULA or text[:1] == "'" else text


def unescaped(cell: str) -> str:
    """Return the text of a cell."""
    return cell[1:] if cell[:1] == "'" and (cell[1:2] in FORMULA or cell[1:2] == "'") and cell[1:] else cell


def _cells(place: Place) -> Iterator[Any]:
    yield from (place.id, place.version)
    for name in EDITABLE:
        value = getattr(place, name)
        yield "; ".join(value) if name == "kosher_categories" else value
    agencies = dict.fromkeys(certificate.agency.name for certificate in place.certificates)
    yield from ("; ".join(agencies), place.state_of_record, place.opening_hours)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return escaped(value) if isinstance(value, str) else repr(value)


def _rows(text: str, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line on which it starts."""
    reader = csv.reader(io.StringIO(text.removeprefix(_BOM), newline=""), strict=True)
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        sheet.faults.append(Fault(line, f"This is not CSV: {error}."))


def _misnamed(names: list[str]) -> Iterator[Fault]:
    if not names:
        yield Fault(None, "The sheet is empty; its first line has to name the columns.")
    for name in dict.fromkeys(names):
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            offered = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(COLUMNS)}."
            yield Fault(1, f"There is no column {name[:50]!r}; {offered}")
        elif names.count(name) > 1:
            yield Fault(1, f"The column {name!r} stands there twice.")


def _read_rows(rows: Iterator[tuple[int, list[str]]], names: list[str], sheet: Sheet) -> None:
    seen: dict[int, int] = {}
    for line, row in rows:
        if len(sheet.wanted) >= MAX_ROWS:
            sheet.faults.append(Fault(line, f"A sheet may have {MAX_ROWS} rows; send the rest afterwards."))
            return
        if len(row) > len(names):
            sheet.faults.append(Fault(line, f"The row has {len(row)} cells, the first line names {len(names)}."))
            continue
        wanted = _wanted(line, dict(zip(names, row, strict=False)), sheet)
        if wanted.id is not None and wanted.id in seen:
            sheet.faults.append(Fault(line, f"Restaurant {wanted.id} stands on line {seen[wanted.id]} already."))
        seen.setdefault(wanted.id or 0, line)
        sheet.wanted.append(wanted)


def _wanted(line: int, cells: dict[str, str], sheet: Sheet) -> Wanted:
    said: dict[str, Any] = {}
    for name in ("id", "version", *EDITABLE):
        if name not in cells:
            continue
        text = unescaped(cells[name]).strip()
        try:
            said[name] = _READERS.get(name, _text)(text)
        except ValueError:
            sheet.faults.append(Fault(line, f"{name}: {text[:50]!r} is no number."))
    changes: dict[str, Any] = {name: said[name] for name in EDITABLE if name in said}
    return Wanted(said.get("id"), changes, said.get("version"), line)


def _text(text: str) -> str | None:
    return text or None


def _whole(text: str) -> int | None:
    number = int(text) if text else None
    if number is not None and not (text.isascii() and text.isdigit() and 0 < number < 2**63):
        raise ValueError(text)
    return number


def _degrees(text: str) -> float | None:
    return float(text) if text else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip().casefold() for word in text.replace(",", ";").split(";") if word.strip())


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "id": _whole,
    "version": _whole,
    "latitude": _degrees,
    "longitude": _degrees,
    "kosher_categories": _words,
    "source": str,
    "sourced_on": str,
}
