"""`manage.py rollout_guard`: what it prints of its looks."""

import argparse
import json
import signal
import threading
from typing import Any

from django.utils import timezone
from rich.table import Table
from rich.text import Text

from rollout import documents
from rollout.guard import Evaluator, Tick
from rollout.guard.judging import Opinion
from rollout.guard.loop import know_operations, watch
from rollout.guard.senses import Senses
from rollout.management import tables
from rollout.management.answers import Answer, RolloutCommand
from rollout.outbox import deliver_due

_STYLES = {"hold": "yellow", "ready": "cyan", "advance": "green", "rollback": "bold red"}
LEAST_S, MOST_S = 0.1, 60.0


def every(text: str) -> float:
    """Return the seconds between two looks."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not LEAST_S <= seconds <= MOST_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not {LEAST_S:g} to {MOST_S:g} seconds")
    return seconds


def once(_: RolloutCommand, __: dict[str, Any]) -> Answer:
    """Look once."""
    know_operations()
    evaluator, senses = Evaluator(), Senses()
    senses.probe()
    tick = evaluator.tick(probes_down=senses.down, found=senses.found)
    evaluator.keep_house()
    evaluator.resign()
    deliver_due(timezone.now())
    return Answer(document(tick), _shown(tick))


def forever(command: RolloutCommand, options: dict[str, Any]) -> None:
    """Look until a signal ends it; say each change of mind in a line, as JSON also why it goes on holding."""
    ending = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        # Not set by the handler itself, which may have interrupted the very `wait` that holds the event's lock.
        signal.signal(name, lambda *_: threading.Thread(target=ending.set).start())
    watch(Evaluator(), options["every"], ending, News(command, as_json=options["as_json"]))


class News:
    """Prints what a look brought that the last one did not."""

    def __init__(self, command: RolloutCommand, *, as_json: bool) -> None:
        self._command = command
        self._as_json = as_json
        self._before: dict[str, tuple[str, str]] = {}
        self._led: bool | None = None

    def __call__(self, tick: Tick) -> None:
        """Hear of one look."""
        if tick.leads != self._led:
            self._led = tick.leads
            self._command.tell("This guard leads." if tick.leads else "Another guard leads; this one stands by.")
        now = {one.desk.name: self._mind(one) for one in tick.opinions}
        fresh = [one for one in tick.opinions if self._before.get(one.desk.name) != now[one.desk.name]]
        self._before = now if tick.leads else {}
        for one in fresh:
            self._command.stdout.write(self._line(tick, one))
        self._command.stdout.flush()

    def _mind(self, one: Opinion) -> tuple[str, str]:
        """Return what counts as the same mind: to people a hold is a hold, unless something is wrong."""
        is_worth_it = self._as_json or one.verdict.alerts or one.word != "hold"
        return one.word, one.verdict.reason.value if is_worth_it else ""

    def _line(self, tick: Tick, one: Opinion) -> str:
        if self._as_json:
            return json.dumps({"at": tick.at.isoformat() if tick.at else None, **_opinion(one)}, ensure_ascii=False)
        return f"{tick.at:%H:%M:%S} {one.desk.name} {one.word.upper()} {one.verdict.reason}: {one.verdict.sentence}"


def document(tick: Tick) -> dict[str, Any]:
    """Return one look as plain data."""
    return {
        "leads": tick.leads,
        "at": tick.at.isoformat() if tick.at else None,
        "features": [_opinion(one) for one in tick.opinions],
        "moves": [documents.report(move) for move in tick.moves],
    }


def _opinion(one: Opinion) -> dict[str, Any]:
    return {
        "feature": one.desk.name,
        "verdict": one.word,
        "reason": one.verdict.reason.value,
        "sentence": one.verdict.sentence,
        **one.document,
    }


def _shown(tick: Tick) -> list[Any]:
    if not tick.leads:
        return [Text("Another guard leads; this one did nothing.")]
    if not tick.opinions:
        return [Text("No feature is under way; there is nothing to judge.")]
    table = Table(box=None, pad_edge=False)
    for column in ("Feature", "Verdict", "Why"):
        table.add_column(column, overflow="fold")
    for one in tick.opinions:
        table.add_row(one.desk.name, Text(one.word, _STYLES[one.word]), tables.plain_text(one.verdict.sentence))
    return [table, *(part for move in tick.moves for part in tables.report(move))]
