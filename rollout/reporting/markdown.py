"""A page as Markdown, for a ticket or a chat."""

import re
from collections.abc import Iterator

from rollout.reporting.pages import Line, Page, Section, Table

_SPECIAL = re.compile(r"[\\`*\[\]|~<>&]|(?<!\w)_|_(?!\w)|^[-+#]|(?<=^\d)[.)]")
_HTML = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def written(page: Page) -> str:
    """Return the page; whatever somebody typed is shown as they typed it, on one line, and means nothing."""
    parts = [f"# {text(page.title)}", text(page.lead)]
    parts += [part for section in page.sections for part in _section(section)]
    return "\n\n".join(parts) + "\n"


def text(typed: str) -> str:
    """Return text on one line in which no character is markup, of Markdown or of HTML."""
    flat = " ".join("".join(char if char.isprintable() else " " for char in typed).split())
    return _SPECIAL.sub(lambda found: _HTML.get(found[0], f"\\{found[0]}"), flat)


def _section(section: Section) -> Iterator[str]:
    yield f"## {text(section.title)}"
    if section.is_empty:
        yield text(section.empty)
    if section.lines:
        yield "\n".join(map(_line, section.lines))
    if section.facts:
        yield "\n".join(f"- {text(name)}: {text(value)}" for name, value in section.facts)
    yield from map(_table, section.filled)
    if section.notes:
        yield "\n".join(map(_line, section.notes))


def _line(line: Line) -> str:
    command = " ".join(line.command.replace("`", "'").split())
    return f"- {text(line.text)}" + (f" `{command}`" if command else "")


def _table(one: Table) -> str:
    rules = ["---:" if is_number else "---" for _, is_number in one.marked]
    rows = [[text(column) for column in one.columns], rules, *([text(cell) for cell in row] for row in one.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
