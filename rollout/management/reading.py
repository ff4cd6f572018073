"""The subcommands that only look."""

import argparse
from itertools import islice
from typing import Any

from django.utils import timezone
from rich.console import RenderableType
from rich.text import Text

from rollout import documents, ledger
from rollout.management import tables
from rollout.management.answers import Answer, Failed, NotConfirmed, Refused, RolloutCommand
from rollout.management.arguments import add_json, page_size
from rollout.models import Flag, StageChange

PAGE = 20


def register(subcommands: Any) -> None:
    """Add the subcommands."""
    _parser(subcommands, "status", "where every feature stands", _status).add_argument(
        "features", nargs="*", metavar="FEATURE"
    )
    parser = _parser(subcommands, "history", "who moved what, when and why; newest first", _history)
    parser.add_argument("features", nargs="*", metavar="FEATURE")
    parser.add_argument("--limit", type=page_size, default=PAGE, metavar="N", help=f"lines of a page ({PAGE})")
    parser.add_argument("--before", type=int, metavar="#", help="lines older than this one")
    _parser(subcommands, "propagation", "which workers follow", _propagation)
    parser = _parser(subcommands, "explain", "which engine serves an identity, and why", _explain)
    parser.add_argument("feature", metavar="FEATURE")
    parser.add_argument("identity", metavar="IDENTITY")
    parser = _parser(subcommands, "certificate", "whether v3 can be done without; exit 3 when it cannot", _certificate)
    parser.add_argument("feature", metavar="FEATURE")
    parser = _parser(subcommands, "verify", "check the ledger's chain", _verify)
    parser.add_argument("--head", metavar="HASH", help="a head published earlier, which must still be in it")


def _status(command: RolloutCommand, options: dict[str, Any]) -> Answer:
    picture = command.service.status(options["features"])
    return Answer(picture, [*tables.status(picture, timezone.now()), *tables.followers(command.service.propagation())])


def _history(_: RolloutCommand, options: dict[str, Any]) -> Answer:
    if options["features"]:
        Flag.objects.all_named(options["features"])
    rows = StageChange.objects.of(options["features"])
    if options["before"] is not None:
        rows = rows.filter(pk__lt=options["before"])
    lines = list(islice(rows[: options["limit"] + 1], options["limit"] + 1))
    page, has_more = lines[: options["limit"]], len(lines) > options["limit"]
    data = {"lines": [documents.line(one) for one in page], "next_before": page[-1].pk if has_more else None}
    return Answer(data, _page_of(page, has_more, options["features"]))


def _page_of(page: list[StageChange], has_more: bool, features: list[str]) -> list[RenderableType]:
    if not page:
        return [Text("The ledger has no such line.")]
    if not has_more:
        return tables.history(page)
    command = " ".join(["manage.py rollout history", *features, f"--before {page[-1].pk}"])
    return [*tables.history(page), Text(f"Older lines: {command}")]


def _propagation(command: RolloutCommand, _: dict[str, Any]) -> Answer:
    seen = command.service.propagation()
    failure = None if seen.is_done else NotConfirmed(f"Not every worker follows: {seen}.")
    return Answer(documents.propagation(seen), tables.workers(seen), failure)


def _explain(command: RolloutCommand, options: dict[str, Any]) -> Answer:
    told = command.service.explain(options["feature"], options["identity"])
    said = f"{told['identity']} is served by {told['served_by']}: {told['why']}."
    return Answer(told, [tables.plain_text(said, "bold"), tables.pairs(told)])


def _certificate(command: RolloutCommand, options: dict[str, Any]) -> Answer:
    shown = command.service.certificate(options["feature"])
    unmet = sum(not condition.is_met for condition in shown.conditions)
    failure = None if shown.is_given else Refused(f"{unmet} of {len(shown.conditions)} conditions are not met.")
    return Answer(documents.certificate(shown), tables.certificate(shown), failure)


def _verify(_: RolloutCommand, options: dict[str, Any]) -> Answer:
    found = ledger.verify(options["head"])
    data = {"holds": found.holds, "lines": found.lines, "head": found.head, "problem": found.problem or None}
    if not found.holds:
        return Answer(data, failure=Failed(f"{found.problem}\n  {found.lines} lines were checked and hold."))
    said = f"{found.lines} lines, and every link holds. Head: {found.head}"
    return Answer(data, [Text(said, "green")])


def _parser(subcommands: Any, name: str, told: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subcommands.add_parser(name, help=told, description=told)
    parser.set_defaults(run=run)
    add_json(parser)
    return parser
