"""Invents places to measure and try out with, or takes them away again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from restaurants.intake.generating import generate, remove


class Command(BaseCommand):
    help = "Store N invented places (source: generated), the same for the same seed; --remove takes them away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", nargs="?", type=int, metavar="N")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--remove", action="store_true", help="take every invented place away")

    def handle(self, *args: Any, **options: Any) -> None:
        count = options["count"]
        if options["remove"] == (count is not None) or (count is not None and count < 1):
            raise CommandError("Say how many, at least 1, or --remove.")
        if options["remove"]:
            self.stdout.write(f"{remove()} removed")
            return
        for stored in generate(count, options["seed"]):
            self.stdout.write(f"{stored} of {count}")
