"""`manage.py import_guide [PATH]`: load a guide that `export_guide` wrote."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from restaurants.intake.guide import SAMPLE, import_guide
from restaurants.intake.sources import UnreadableSource


class Command(BaseCommand):
    help = "Load a guide written by export_guide (default: the sample guide). The same guide twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH", nargs="?", default=SAMPLE)

    def handle(self, *, path: Path, **_: Any) -> None:
        try:
            outcomes = import_guide(path)
        except UnreadableSource as error:
            raise CommandError(error.message) from error
        for outcome in outcomes:
            if outcome.result == "rejected":
                self.stderr.write(f"{outcome.record.id} {outcome.record.name}: {outcome.reason}")
        counts = Counter(outcome.result for outcome in outcomes)
        self.stdout.write(", ".join(f"{count} {result}" for result, count in sorted(counts.items())) or "no places")
