"""A page as a value: sentences, facts and tables under headings. What is typed by people is text here, never markup."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

ENGINES: Mapping[str, str] = {"candidate": "v4", "control": "v3", "contract": "v4 contract"}
"""What an arm is called where people read, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, and the command that it leads to, if any."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under the names of their columns; `numbers` are the columns that line up on the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()

    @property
    def marked(self) -> list[tuple[str, bool]]:
        """Each column with whether it holds numbers."""
        return [(column, column in self.numbers) for column in self.columns]

    @property
    def cells(self) -> list[list[tuple[str, bool]]]:
        """Each row's cells with whether they are numbers."""
        return [
            [(cell, column in self.numbers) for cell, column in zip(row, self.columns, strict=True)]
            for row in self.rows
        ]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with lines, facts, tables and notes, in this order; `empty` is said where there is none of them."""

    title: str
    lines: tuple[Line, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[Line, ...] = ()
    empty: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether only `empty` is to be said."""
        return not (self.lines or self.facts or self.filled or self.notes)

    @property
    def filled(self) -> list[Table]:
        """The tables that have rows."""
        return [table for table in self.tables if table.rows]


@dataclass(frozen=True, slots=True)
class Page:
    """What can be read from top to bottom, and printed."""

    title: str
    lead: str
    sections: tuple[Section, ...]


def table(rows: Iterable[Sequence[Any]], *columns: str) -> Table:
    """Return a table of values as `shown`; a column whose name begins with `>` holds numbers."""
    names = tuple(column.removeprefix(">") for column in columns)
    numbers = frozenset(column[1:] for column in columns if column.startswith(">"))
    return Table(names, tuple(tuple(map(shown, row)) for row in rows), numbers)


def shown(value: Any) -> str:
    """Return a value as people read it: a dash for nothing, thousands apart, three digits of a fraction."""
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
        case list() | tuple():
            return ", ".join(map(shown, value)) or "–"
        case Mapping():
            return ", ".join(f"{name} {shown(one)}" for name, one in value.items()) or "–"
        case _:
            return str(value)


def place(position: Mapping[str, Any]) -> str:
    """Return where a feature stands: its stage, and at PARTIAL its percentage."""
    share = f" {shown(position['percentage'])} %" if position["stage"] == "partial" else ""
    return f"{position['stage'].upper()}{share}"


def percent(value: float) -> str:
    """Return a percentage with its sign."""
    return f"{shown(float(value))} %" if value else "0 %"


def moment(text: str, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a time of a document (RFC 3339) in UTC."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):{form}}"
