"""What a command answers, the exit codes of the rollout's commands, and the base that turns one into the other."""

import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import InterfaceError, OperationalError
from rich.console import Console, RenderableType

from jewgo.core.errors import Conflict, Forbidden, InvalidInput, JewgoError, NotFound
from rollout import documents
from rollout.moves import MovesRefused
from rollout.services import RolloutService
from rollout.transitions import Busy as BusyError

NARROWEST = 120
"""Columns of a table that goes to a file or a pipe."""


class Failed(CommandError):
    """Something broke; nothing is known to have changed."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=self.exit_code)


class Usage(Failed):
    """The command line cannot be understood."""

    exit_code = 2


class Refused(Failed):
    """The move is not allowed from here."""

    exit_code = 3


class Unknown(Failed):
    """A feature, person or group does not exist."""

    exit_code = 4


class NotConfirmed(Failed):
    """The change is committed, but not every worker has confirmed it in time."""

    exit_code = 5


class Busy(Failed):
    """Somebody else holds the features; nothing was changed."""

    exit_code = 75


_MEANINGS: tuple[tuple[type[JewgoError], type[Failed]], ...] = (
    (BusyError, Busy),
    (NotFound, Unknown),
    (InvalidInput, Usage),
    (Conflict, Refused),
    (Forbidden, Refused),
    (JewgoError, Failed),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The same answer for machines and for people, and the failure to end with, if any.

    `text` is a document that is printed as it is, in the place of `shown`.
    """

    data: Any
    shown: Sequence[RenderableType] = field(default=())
    failure: Failed | None = None
    text: str = ""


class RolloutCommand(BaseCommand):
    """A thin adapter: arguments in, one call of the service, tables or JSON out, an exit code that means something.

    No system checks: a rollback has to work where anything else does not.
    """

    requires_system_checks = []
    service = RolloutService()

    def answer(self, run: "Run", options: dict[str, Any]) -> None:
        """Run one subcommand and print what it answers; raises Failed for everything but success."""
        try:
            answer = run(self, {name: _readable(value) for name, value in options.items()})
        except JewgoError as error:
            if isinstance(error, MovesRefused):
                error.meta["report"] = documents.report(error.report)
            answer = Answer({"error": documents.error(error)}, failure=failure(error))
        except (OperationalError, InterfaceError) as error:
            raise Failed(_no_database(error)) from error
        try:
            self._print(answer, options)
            self.stdout.flush()
        except BrokenPipeError:  # `| head` has seen enough; what was done stays done
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if answer.failure:
            raise answer.failure

    def tell(self, text: str) -> None:
        """Say how it goes, on stderr, where no parser reads."""
        self.stderr.write(text, self.style.NOTICE)

    def _print(self, answer: Answer, options: dict[str, Any]) -> None:
        if options["as_json"] or options.get("form") == "json":
            self.stdout.write(json.dumps(answer.data, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False))
            return
        if answer.text:
            self.stdout.write(answer.text)
        for part in answer.shown:
            self.stdout.write(self._rendered(part, options))

    def _rendered(self, part: RenderableType, options: dict[str, Any]) -> str:
        is_terminal = self.stdout.isatty()
        columns = shutil.get_terminal_size().columns if is_terminal else NARROWEST
        paper = io.StringIO()
        console = Console(
            file=paper,
            width=columns,
            force_terminal=is_terminal or options.get("force_color", False),
            no_color=options.get("no_color", False) or None,
            markup=False,
            highlight=False,
        )
        console.print(part)
        return paper.getvalue()


Run = Callable[[RolloutCommand, dict[str, Any]], Answer]
"""One subcommand: asks the command's service and returns the answer."""


def failure(error: JewgoError) -> Failed:
    """Return the failure that an error of the service means on the command line, with all that helps."""
    lines = [error.message, *([error.hint] if error.hint else [])]
    lines += [problem.detail for problem in error.problems]
    lines += [hint for hint in (problem.hint for problem in error.problems) if hint][:1]
    kind = next(kind for meaning, kind in _MEANINGS if isinstance(error, meaning))
    return kind("\n  ".join(lines))


def _readable(value: Any) -> Any:
    """Put a � for each byte of the command line that is no UTF-8: the ledger keeps text, and a rollback goes on."""
    match value:
        case str():
            return value.encode(errors="surrogateescape").decode(errors="replace")
        case list():
            return [_readable(one) for one in value]
        case _:
            return value


def _no_database(error: Exception) -> str:
    return (
        f"PostgreSQL does not answer: {str(error).strip()}\n"
        "  Workers go on as they are. To send everybody back without it, restart them with ROLLOUT_FORCE_ALL=off."
    )
