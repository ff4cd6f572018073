"""The arguments that the rollout's commands share, and what they mean to the service."""

import argparse
import math
from datetime import timedelta
from typing import Any

from rollout.moves import Actor, Selection, Terms

WAIT_S = 30.0
LARGEST_PAGE = 1000
FORMATS = ("table", "markdown", "json", "html")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Let the caller say which features, in one way: by name, cohort, prefix, or all."""
    one_of = parser.add_mutually_exclusive_group()
    one_of.add_argument("features", nargs="*", default=[], metavar="FEATURE", help="names of features")
    one_of.add_argument("--cohort", metavar="C", help="all features of this cohort")
    one_of.add_argument("--prefix", metavar="P", help="all features whose name begins so")
    one_of.add_argument("--all", action="store_true", dest="everything", help="all features")


def add_reason(parser: argparse.ArgumentParser) -> None:
    """Ask why; the ledger keeps it."""
    parser.add_argument("--reason", required=True, metavar="R", help="why; kept in the ledger")


def add_terms(parser: argparse.ArgumentParser, *, force: bool = False) -> None:
    """Take what every move takes."""
    add_reason(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    parser.add_argument(
        "--wait",
        nargs="?",
        type=_seconds,
        const=WAIT_S,
        metavar="S",
        help="until every worker follows, S seconds at most (30)",
    )
    if force:
        parser.add_argument("--force", action="store_true", help="past prerequisites, criteria and certificate")
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Offer JSON for machines."""
    parser.add_argument("--json", action="store_true", dest="as_json", help="JSON instead of tables")


def add_format(parser: argparse.ArgumentParser) -> None:
    """Offer the ways in which a page is written."""
    parser.add_argument("--format", choices=FORMATS, default="table", dest="form", help="how it is written (table)")
    add_json(parser)


def duration(text: str) -> timedelta:
    """Return a time span typed as 60s, 5m, 24h or 7d; a number alone is seconds."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    try:
        return timedelta(seconds=float(number) * _UNITS[unit])
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration; say 60s, 5m or 1h") from None


def selection(options: dict[str, Any]) -> Selection:
    """Return the features that the caller named."""
    return Selection(tuple(options["features"]), options["cohort"], options["prefix"], options["everything"])


def terms(options: dict[str, Any]) -> Terms:
    """Return who moves, why, and how."""
    return {
        "actor": Actor.command_line(),
        "reason": options["reason"],
        "dry_run": options.get("dry_run", False),
        "force": options.get("force", False),
    }


def page_size(text: str) -> int:
    """Read how many lines to show at most."""
    if not text.isdecimal() or not 1 <= int(text) <= LARGEST_PAGE:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 to {LARGEST_PAGE}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds; name features before --wait") from None
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a time to wait")
    return seconds
