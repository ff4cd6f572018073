"""`manage.py rollout_guard`: judge every feature once a second, roll back what fails, advance what is proven."""

from typing import Any

from django.core.management.base import CommandParser

from rollout.management import watching
from rollout.management.answers import RolloutCommand
from rollout.management.arguments import add_json


class Command(RolloutCommand):
    help = (
        "Judge every feature under way, roll back what fails, advance what is proven. One guard leads, others stand by."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once and end; for a timer: every 30 s or oftener")
        parser.add_argument("--every", type=watching.every, default=1.0, metavar="S", help="seconds between looks (1)")
        add_json(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        if options["once"]:
            self.answer(watching.once, options)
        else:
            watching.forever(self, options)
