"""`manage.py rollout`: see where every feature stands, and move it."""

from typing import Any

from django.core.management.base import CommandParser

from rollout.management import alerting, moving, reading, reporting
from rollout.management.answers import RolloutCommand


class Command(RolloutCommand):
    help = "See where every feature stands, and move it. In an emergency: manage.py rollback --all --reason …"

    def add_arguments(self, parser: CommandParser) -> None:
        subcommands = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
        reading.register(subcommands)
        reporting.register(subcommands)
        moving.register(subcommands)
        alerting.register(subcommands)

    def handle(self, *_: Any, **options: Any) -> None:
        self.answer(options["run"], options)
