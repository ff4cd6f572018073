"""Writes what was measured into docs/evidence.md, with the day and the machine, between the section's two marks."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from benchmarks.tables import Table
from tests.journeys.service import ROOT

EVIDENCE = ROOT / "docs" / "evidence.md"


def write(section: str, parts: Sequence[str], path: Path = EVIDENCE) -> None:
    """Put the parts in place of what stands between the section's marks; both have to be there."""
    begin, end = f"<!-- {section}:begin -->", f"<!-- {section}:end -->"
    before, rest = path.read_text().split(begin)
    _, after = rest.split(end)
    body = "\n\n".join(parts)
    path.write_text(f"{before}{begin}\n\n{body}\n\n{end}{after}")


def table(rows: Table) -> str:
    """Return a table as Markdown has it; columns of numbers are set to the right."""
    head, *body = rows
    rule = ["---:" if column and all(_is_number(row[column]) for row in body) else "---" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))


def circumstances(command: str, now: datetime) -> str:
    """Return when, by which command, of which commit and on what it was measured."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"`{command}` on {now:%Y-%m-%d %H:%M} UTC, commit {commit or 'unknown'}, on {os.cpu_count()} cores "
        f"({_processor()}), {memory_gb:.0f} GB, {platform.system()}, Python {platform.python_version()}; "
        f"load average at the start {_load_at_start:.1f}."
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text()) if cpuinfo.exists() else None
    return found[1] if found else platform.machine()


def _is_number(cell: str) -> bool:
    return re.match(r"[\d.,]+( \w+)?$", cell) is not None


_load_at_start = os.getloadavg()[0]
