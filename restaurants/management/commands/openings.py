"""`manage.py openings`: compute who is open in the coming weeks, once or again and again."""

import argparse
import json
import signal
import sys
import threading
from time import perf_counter
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress

from restaurants.services.openings import due, extend

LEAST_S, MOST_S = 1.0, 86400.0
ENDINGS: Final = (signal.SIGINT, signal.SIGTERM)


def seconds(text: str) -> float:
    """Return the seconds between two rounds."""
    try:
        every = float(text)
    except ValueError:
        every = -1.0
    if not LEAST_S <= every <= MOST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not {LEAST_S:g} to {MOST_S:g} seconds")
    return every


class Command(BaseCommand):
    help = (
        "Compute in which hours of the coming three weeks each place is open, for the filters of lists. Only places "
        "that are not computed far enough ahead are looked at; running it twice at once does no harm."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--once", action="store_true", help="do it once and end; the default")
        way.add_argument("--every", type=seconds, metavar="SECONDS", help="go on until a signal ends it")
        parser.add_argument("--all", action="store_true", dest="everything", help="every place, also those not due")
        parser.add_argument("--json", action="store_true", dest="as_json", help="JSON, one object a round")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["every"] is None:
            try:
                self._round(options)
            except (OperationalError, InterfaceError) as error:
                raise CommandError(f"PostgreSQL does not answer: {str(error).strip()}") from error
        else:
            self._rounds(options)

    def _rounds(self, options: dict[str, Any]) -> None:
        """Go on until told to end. What the database refuses today is tried again in the next round."""
        ending = threading.Event()
        for name in ENDINGS:
            # Not set by the handler itself, which may have interrupted the very `wait` that holds the event's lock.
            signal.signal(name, lambda *_: threading.Thread(target=ending.set).start())
        while not ending.is_set():
            try:
                self._round(options, ending)
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"PostgreSQL does not answer, trying again: {str(error).strip()}")
                connection.close()
            ending.wait(options["every"])

    def _round(self, options: dict[str, Any], ending: threading.Event | None = None) -> None:
        began, at = perf_counter(), timezone.now()
        ids = due(at, everything=options["everything"])
        with Progress(console=Console(file=sys.stderr), transient=True) as progress:
            task = progress.add_task("Places", total=len(ids))
            done = extend(ids, at, lambda count: progress.advance(task, count), ending)
        if done.places or options["every"] is None:  # a round that finds nothing to do is no news
            self._tell(done.places, done.spans, perf_counter() - began, as_json=options["as_json"])

    def _tell(self, places: int, spans: int, took_s: float, *, as_json: bool) -> None:
        told = {"places": places, "spans": spans, "took_s": round(took_s, 3)}
        line = json.dumps(told) if as_json else f"{places} places computed, {spans} spans, {took_s:.1f} s"
        self.stdout.write(line)
        self.stdout.flush()
