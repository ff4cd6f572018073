"""`manage.py rollback`: send everybody back to v3, now."""

from typing import Any

from django.core.management.base import CommandParser

from rollout.management import moving
from rollout.management.answers import RolloutCommand


class Command(RolloutCommand):
    help = "Send everybody back to v3, now: manage.py rollback --all --reason … --wait"

    def add_arguments(self, parser: CommandParser) -> None:
        moving.add_rollback(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        self.answer(moving.rollback, options)
