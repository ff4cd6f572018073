"""The subcommands that change something: each is one move of the service."""

import argparse
import os
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import InterfaceError, OperationalError
from django.urls import get_resolver

from rollout import documents, features, forces, registry
from rollout.drills import Fault
from rollout.management import tables
from rollout.management.answers import Answer, NotConfirmed, RolloutCommand
from rollout.management.arguments import add_selection, add_terms, duration, selection, terms
from rollout.models import Drill
from rollout.moves import Report
from rollout.propagation import Propagation

_SIMPLE = {
    "start": "begin a new attempt: DISABLED → TESTING",
    "advance": "go to the next step of the plan",
    "pause": "hold automatic widening",
    "resume": "let automatic widening go on",
    "complete": "FULL → COMPLETE: v3 is never called again",
    "reopen": "COMPLETE → FULL: v3 is a fallback again",
}
_GATED = {"start", "advance", "set", "holdout", "complete"}
_WORDS = {"on": True, "off": False, "clear": None}


def register(subcommands: Any) -> None:
    """Add the subcommands."""
    for move, told in _SIMPLE.items():
        parser = _parser(subcommands, move, told, partial(_simple, move))
        add_selection(parser)
        add_terms(parser, force=move in _GATED)
    for move, told in {"set": "go to PARTIAL at PERCENT", "holdout": "keep PERCENT (0 to 50) on v3 at FULL"}.items():
        parser = _parser(subcommands, move, told, partial(_percentage, move))
        parser.add_argument("percent", metavar="PERCENT")
        add_selection(parser)
        add_terms(parser, force=True)
    add_rollback(_parser(subcommands, "rollback", "send everybody back to v3, now", rollback))
    _register_exceptions(subcommands)
    _register_drill(subcommands)


def add_rollback(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a rollback."""
    add_selection(parser)
    add_terms(parser)


def rollback(command: RolloutCommand, options: dict[str, Any]) -> Answer:
    """Send everybody back to v3; an environment that a worker would not start with is said, and no obstacle."""
    understood = forces.read(os.environ, features.declared())
    if understood.problems:
        command.tell(f"{forces.complaint(understood)}A worker will not start with these; the rollback goes on.")
    return _moved(command, command.service.rollback(selection(options), **terms(options)), options)


def _register_exceptions(subcommands: Any) -> None:
    parser = _parser(subcommands, "override", "put one identity in or out, whatever its slot says", _override)
    parser.add_argument("feature", metavar="FEATURE")
    parser.add_argument("identity", metavar="IDENTITY", help="u:<id>, k:<id>, d:<uuid> or n:<hash>")
    parser.add_argument("word", choices=_WORDS)
    add_terms(parser)
    parser = _parser(subcommands, "testers", "say who is in from TESTING on", _testers)
    parser.add_argument("feature", metavar="FEATURE")
    parser.add_argument("word", choices=["add", "remove"])
    parser.add_argument("testers", nargs="+", metavar="USER|GROUP", help="a login, a group, staff or superusers")
    add_terms(parser)


def _register_drill(subcommands: Any) -> None:
    parser = _parser(subcommands, "drill", "inject a fault into v4 and see that nobody notices", _drill)
    parser.add_argument("feature", metavar="FEATURE")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--fault", choices=Drill.Fault.values)
    which.add_argument("--end", action="store_true", help="end the drills of this feature")
    parser.add_argument("--rate", type=float, default=1.0, help="share of calls that meet it (1.0)")
    parser.add_argument("--ms", type=int, default=500, help="delay of a slow call (500)")
    parser.add_argument("--for", dest="lasts", type=duration, default=timedelta(seconds=60), metavar="60s")
    parser.add_argument("--operation", help="only this operation, such as restaurants.search")
    parser.add_argument("--identity", nargs="+", default=[], metavar="ID", help="only these identities")
    parser.add_argument("--match", metavar="TEXT", help="only queries or answers that contain this")
    add_terms(parser)


def _simple(move: str, command: RolloutCommand, options: dict[str, Any]) -> Answer:
    return _moved(command, getattr(command.service, move)(selection(options), **terms(options)), options)


def _percentage(move: str, command: RolloutCommand, options: dict[str, Any]) -> Answer:
    make = {"set": command.service.set_percentage, "holdout": command.service.set_holdout}[move]
    return _moved(command, make(options["percent"], selection(options), **terms(options)), options)


def _override(command: RolloutCommand, options: dict[str, Any]) -> Answer:
    is_in = _WORDS[options["word"]]
    made = command.service.override(options["feature"], options["identity"], is_in, **terms(options))
    return _moved(command, made, options)


def _testers(command: RolloutCommand, options: dict[str, Any]) -> Answer:
    chosen = {options["word"]: options["testers"]}
    return _moved(command, command.service.set_testers(options["feature"], **chosen, **terms(options)), options)


def _drill(command: RolloutCommand, options: dict[str, Any]) -> Answer:
    if options["end"]:
        return _moved(command, command.service.end_drill(options["feature"], **terms(options)), options)
    fault = Fault(
        options["fault"],
        rate=options["rate"],
        delay_ms=options["ms"] if options["fault"] == Drill.Fault.SLOW else 0,
        lasts=options["lasts"],
        operation=options["operation"],
        identities=tuple(options["identity"]),
        match=options["match"],
    )
    _warn_of_operation(command, options)
    return _moved(command, command.service.drill(options["feature"], fault, **terms(options)), options)


def _warn_of_operation(command: RolloutCommand, options: dict[str, Any]) -> None:
    if options["operation"]:
        get_resolver().check()  # importing the views registers their switches
    switched = [name for name, feature in registry.operations().items() if feature == options["feature"]]
    if options["operation"] and options["operation"] not in switched:
        known = ", ".join(sorted(switched)) or "none"
        command.tell(f"{options['feature']} switches no operation {options['operation']}; it switches: {known}.")


def _moved(command: RolloutCommand, made: Report, options: dict[str, Any]) -> Answer:
    """Answer with the report, and with --wait with how far it got."""
    try:
        seen = _followed(command, made, options)
    except (OperationalError, InterfaceError) as error:
        if made.dry_run:
            raise
        return Answer(documents.report(made) | {"propagation": None}, tables.report(made), _not_seen(error))
    data = documents.report(made) | {"propagation": documents.propagation(seen)}
    shown = [*tables.report(made), *tables.followers(seen)]
    is_waiting = options["wait"] is not None and not made.dry_run
    if is_waiting and not seen.is_done:
        return Answer(data, shown, _not_confirmed(seen, options["wait"]))
    return Answer(data, shown)


def _followed(command: RolloutCommand, made: Report, options: dict[str, Any]) -> Propagation:
    if made.dry_run or options["wait"] is None:
        return command.service.propagation()
    command.tell(f"Committed; waiting up to {options['wait']:g} s for every worker to follow …")
    return command.service.wait_until_applied(made.control_version, options["wait"])


def _not_confirmed(seen: Propagation, waited_s: float) -> NotConfirmed:
    return NotConfirmed(
        f"The change is committed, but not confirmed by every worker after {waited_s:g} s: {seen}.\n"
        "  Look again: manage.py rollout propagation. A worker that stays unconfirmed should be restarted."
    )


def _not_seen(error: Exception) -> NotConfirmed:
    return NotConfirmed(
        f"The change is committed, but PostgreSQL does not say any more who follows: {str(error).strip()}\n"
        "  Look again: manage.py rollout propagation. Workers that have not heard of it go on as they were."
    )


def _parser(subcommands: Any, name: str, told: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subcommands.add_parser(name, help=told, description=told)
    parser.set_defaults(run=run)
    return parser
