"""What a page of the v4 list costs, beside programs that give the same answer: `make bench`.

Each program runs in a process of its own and is asked in turns, so that a busy machine is busy for all. Prints the
median CPU time of a request and the ratios that are to be reached; with --write both go to docs/evidence.md. The status
is 1 when a ratio is missed or an answer differs.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jewgo.settings")
django.setup()

from django.core.management import call_command  # noqa: E402 the settings have to stand first
from django.db import connection  # noqa: E402

from benchmarks import evidence  # noqa: E402
from benchmarks.listing.contender import CONTENDERS, PAGE  # noqa: E402
from benchmarks.tables import Table  # noqa: E402

PLACES = 10_000
ROUNDS = 40
REQUESTS = 25
TARGETS = (("v4 cold", "bare", 2.5), ("v4 cached", "static", 1.5))
"""Contender, beside whom, at most so many times the cost."""
Costs = Mapping[str, Sequence[float]]


def main(arguments: Sequence[str]) -> int:
    """Measure and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/evidence.md")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    with guide(PLACES) as url:
        costs = measured(url, options.rounds)
    ratios = {pair: ratio(costs, *pair) for pair in [(name, beside) for name, beside, _ in TARGETS]}
    told = [
        f"{PLACES:,} places, the first {PAGE} by name with all members; {options.rounds} rounds of {REQUESTS}.",
        evidence.table(cost_table(costs)),
        evidence.table(ratio_table(ratios)),
    ]
    parts = [evidence.circumstances("make bench", datetime.now(UTC)), *told]
    print("\n\n".join(parts))  # noqa: T201
    if options.write:
        evidence.write("bench", parts)
    return int(any(ratios[name, beside] > most for name, beside, most in TARGETS))


@contextmanager
def guide(places: int) -> Iterator[str]:
    """Yield the address of a database of its own with so many generated places."""
    own = connection.settings_dict["NAME"]
    name = connection.creation.create_test_db(verbosity=0, serialize=False)
    try:
        call_command("generate_places", places, seed=1, verbosity=0)
        yield urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    finally:
        connection.creation.destroy_test_db(own, verbosity=0)


def measured(url: str, rounds: int) -> Costs:
    """Return the CPU microseconds of a request, by contender and round; raises when two answers differ."""
    with ExitStack() as stack:
        asked = {name: stack.enter_context(contender(name, url)) for name in CONTENDERS}
        same_answers(asked)
        for name in CONTENDERS:
            ask(asked[name], str(REQUESTS))  # the first requests load and compile
        costs: dict[str, list[float]] = {name: [] for name in CONTENDERS}
        for _ in range(rounds):
            for name in CONTENDERS:
                costs[name].append(float(ask(asked[name], str(REQUESTS))))
    return costs


@contextmanager
def contender(name: str, url: str) -> Iterator[Any]:
    """Yield the process of a contender; it ends with the block."""
    command = [sys.executable, "-m", "benchmarks.listing.contender", name]
    pipe = subprocess.PIPE
    variables = {**os.environ, "DATABASE_URL": url, "ROLLOUT_PULSE": "off"}
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=variables
    ) as process:  # the access log is written, and read by nobody
        try:
            yield process
        finally:
            process.stdin and process.stdin.close()


def ask(process: Any, line: str) -> str:
    """Send a line, and return the line that answers it."""
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    said: str = process.stdout.readline()
    if not said:
        raise RuntimeError(f"{process.args[-1]} ended")
    return said


def same_answers(asked: Mapping[str, Any]) -> None:
    """Raise unless every program of the v4 list gives the same answer, whatever its cursor looks like."""
    shown = {name: _without_cursor(ask(process, "answer")) for name, process in asked.items() if "path" not in name}
    for name, body in shown.items():
        if body != shown["bare"]:
            raise AssertionError(f"{name} answers otherwise than the bare program: {_difference(body, shown['bare'])}")


def _without_cursor(line: str) -> Any:
    status, _, body = line.partition("{")
    if not status.startswith("200"):
        raise AssertionError(f"{line[:500]}")
    said = json.loads("{" + body)
    said["meta"].pop("next_cursor")
    return _plain(said)


def _plain(value: Any) -> Any:
    """Return JSON with its moments in one spelling: Z and +00:00 are the same."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.replace("+00:00", "Z") if isinstance(value, str) else value


def _difference(one: Any, other: Any) -> str:
    pairs = zip(one["data"], other["data"], strict=True)
    return next((f"{a}\n{b}" for a, b in pairs if a != b), f"{one['meta']} {other['meta']}")


def ratio(costs: Costs, name: str, beside: str) -> float:
    """Return the median over rounds of how many times the one costs what the other does."""
    return median(a / b for a, b in zip(costs[name], costs[beside], strict=True))


def cost_table(costs: Costs) -> Table:
    """Return the CPU time of each contender, and its cost beside the bare program's."""
    rows = [[name, f"{median(costs[name]):,.0f}", f"{ratio(costs, name, 'bare'):.2f}"] for name in costs]
    return [["program", "CPU µs a request", "times bare"], *rows]


def ratio_table(ratios: Mapping[tuple[str, str], float]) -> Table:
    """Return what was to be reached, and what was."""
    rows = [
        [
            f"{name} ÷ {beside}",
            f"{most:.1f}",
            f"{ratios[name, beside]:.2f}",
            "yes" if ratios[name, beside] <= most else "no",
        ]
        for name, beside, most in TARGETS
    ]
    return [["ratio", "at most", "measured", "met"], *rows]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
