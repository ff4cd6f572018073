"""A page in a terminal, as tables of rich."""

from collections.abc import Iterable, Iterator

from rich import box
from rich.console import RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from rollout.management.tables import plain_text
from rollout.reporting.pages import Line, Page, Section, Table

WHOLE = {"When (UTC)", "From (UTC)", "Since (UTC)", "UTC", "Feature", "Fingerprint", "By"}
"""Columns that a narrow terminal does not break, beside those of numbers."""


def printed(page: Page) -> list[RenderableType]:
    """Return the page's parts, in order."""
    parts: list[RenderableType] = [plain_text(page.title, "bold"), plain_text(page.lead)]
    return parts + [part for section in page.sections for part in _section(section)]


def _section(section: Section) -> Iterator[RenderableType]:
    yield Text(f"\n{plain_text(section.title)}", "bold cyan")
    if section.is_empty:
        yield plain_text(section.empty, "dim")
    yield from _list(section.lines)
    if section.facts:
        yield _grid(((Text(name, "dim"), plain_text(value)) for name, value in section.facts), gap=2)
    yield from map(_table, section.filled)
    yield from _list(section.notes)


def _list(lines: Iterable[Line]) -> Iterator[RenderableType]:
    for line in lines:
        command = Text("\n") + plain_text(line.command, "green") if line.command else Text()
        yield _grid([(Text("•"), plain_text(line.text) + command)])


def _grid(rows: Iterable[tuple[Text, Text]], gap: int = 1) -> RichTable:
    made = RichTable.grid("", "", padding=(0, gap, 0, 0))
    made.columns[0].no_wrap = True
    made.columns[1].overflow = "fold"
    for row in rows:
        made.add_row(*row)
    return made


def _table(one: Table) -> RichTable:
    made = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for column, is_number in one.marked:
        whole = is_number or column in WHOLE
        made.add_column(column, overflow="fold", justify="right" if is_number else "left", no_wrap=whole)
    for row in one.rows:
        made.add_row(*map(plain_text, row))
    return made
