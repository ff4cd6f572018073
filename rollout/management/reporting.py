"""The subcommands whose answer is a page: the report, and the flight record of a rollback."""

import argparse
from datetime import timedelta
from typing import Any

from rich.text import Text

from rollout import flights
from rollout.management.answers import Answer, RolloutCommand
from rollout.management.arguments import add_format, duration
from rollout.management.printing import printed
from rollout.report import LONGEST, SHORTEST
from rollout.reporting import flight_page, markdown, report_page, webpage
from rollout.reporting.pages import Page


def register(subcommands: Any) -> None:
    """Add the subcommands."""
    told = "status, history, evidence, trends and what to do next"
    parser = subcommands.add_parser("report", help=told, description=told)
    parser.add_argument("features", nargs="*", metavar="FEATURE")
    since = "calls by operation and by hour reach back so far (24h)"
    parser.add_argument("--since", type=_period, default=timedelta(hours=24), metavar="24h", help=since)
    parser.set_defaults(run=_report)
    add_format(parser)
    told = "what was known when a feature was rolled back"
    parser = subcommands.add_parser("flight", help=told, description=told)
    which = "a record's number, or a feature: its newest; neither: the newest of all"
    parser.add_argument("flight", nargs="?", metavar="ID|FEATURE", help=which)
    parser.set_defaults(run=_flight)
    add_format(parser)


def _report(command: RolloutCommand, options: dict[str, Any]) -> Answer:
    data = command.service.report(options["features"], options["since"])
    return _answer(data, report_page.page(data), options["form"])


def _flight(_: RolloutCommand, options: dict[str, Any]) -> Answer:
    found = flights.find(options["flight"])
    if found is None:
        about = options["flight"] or "No feature"
        said = f"{about} was rolled back yet" if about == "No feature" else f"{about} was never rolled back"
        return Answer(None, [Text(f"{said}, so there is no flight record.")])
    data = flights.whole(found)
    return _answer(data, flight_page.page(data), options["form"])


def _answer(data: Any, page: Page, form: str) -> Answer:
    match form:
        case "markdown":
            return Answer(data, text=markdown.written(page))
        case "html":
            return Answer(data, text=webpage.written(page))
        case _:
            return Answer(data, printed(page))


def _period(text: str) -> timedelta:
    span = duration(text)
    if not SHORTEST <= span <= LONGEST:
        raise argparse.ArgumentTypeError(f"{text} is not between 1m and 30d")
    return span
