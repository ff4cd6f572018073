"""`manage.py waffle_flag`: refuses, and says which command moves a feature here."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rollout.moves import command


class Command(BaseCommand):
    help = "Does nothing here: a feature moves through `manage.py rollout`, which keeps the ledger."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", default="FEATURE")
        parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)

    def handle(self, *_: Any, **options: Any) -> None:
        name = options["name"]
        raise CommandError(
            "Flags are moved by the rollout, which checks the move and keeps the ledger; nothing was changed.\n"
            f"  See:       manage.py rollout status {name}\n"
            f"  On:        {command('start', name)}, then {command('set', name)}\n"
            f"  Off:       {command('rollback', name)}\n"
            f"  Testers:   manage.py rollout testers {name} add USER|GROUP --reason …",
            returncode=3,
        )
