"""`manage.py export_guide PATH`: write the published places in the project's own form."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from restaurants.intake.guide import export_guide


class Command(BaseCommand):
    help = "Write every published place in the guide's own form, one a line; the same data give the same file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, metavar="PATH")

    def handle(self, *, path: Path, **_: Any) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(export_guide())
        self.stdout.write(f"Written: {path}")
