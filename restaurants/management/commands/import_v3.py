"""`manage.py import_v3 SOURCE`: bring the places of a v3 system into the catalogue."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import Progress

from restaurants.intake.importing import Report, import_rows
from restaurants.intake.sources import UnreadableSource, read_source


class Command(BaseCommand):
    help = (
        "Import the restaurants of a v3 system, from a JSON file or a live database. The same source twice changes "
        "nothing; rows that changed are updated; an import that was cut short is started again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", metavar="SOURCE", help="a JSON file, or postgres://… of a v3 database (only read)"
        )
        parser.add_argument("--dry-run", action="store_true", help="do everything, then take it back")
        parser.add_argument("--report", type=Path, metavar="FILE", help="write what became of every row, as JSON")
        parser.add_argument(
            "--rejected", type=Path, metavar="FILE", help="write rejected rows, to be mended and imported"
        )

    def handle(self, *, source: str, dry_run: bool, report: Path | None, rejected: Path | None, **_: Any) -> None:
        try:
            read = read_source(source)
        except UnreadableSource as error:
            raise CommandError(error.message) from error
        with Progress(console=Console(file=sys.stderr), transient=True) as progress:
            task = progress.add_task("Restaurants", total=len(read.rows))
            done = import_rows(read, dry_run=dry_run, tick=lambda: progress.advance(task))
        _write(report, done.plain())
        _write(rejected, done.rejected)
        self._tell(done, dry_run=dry_run)

    def _tell(self, done: Report, *, dry_run: bool) -> None:
        counts = ", ".join(f"{count} {result}" for result, count in done.counts.items())
        self.stdout.write(f"{'Dry run, nothing stored: ' if dry_run else ''}{counts}")
        parsed = done.hours_texts - len(done.hours_unparsed)
        self.stdout.write(f"Hours: {parsed} of {done.hours_texts} texts understood")
        for unparsed in done.hours_unparsed + done.hours_structured_unparsed:
            self.stdout.write(f"  {unparsed['id']} {unparsed['name']}: hours not understood, {unparsed['reason']}")
        for disagreement in done.hours_disagreements:
            self.stdout.write(
                f"  {disagreement['id']} {disagreement['name']}: text and periods disagree; periods stored"
            )
        for row in done.rows:
            if row["result"] == "rejected":
                self.stdout.write(f"  {row['id']} {row['name']}: rejected, {row['reason']}")
        self.stdout.write(f"Probable duplicates: {len(done.duplicates)} (never merged; --report names them)")
        for table, count in done.not_imported.items():
            self.stdout.write(f"Seen and not imported: {count} {table}")


def _write(path: Path | None, data: Any) -> None:
    if path is not None:
        path.write_text(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")
