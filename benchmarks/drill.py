"""v4 made to fail under load, again and again, and rolled back by the guard alone: `make drill`.

A whole installation of its own, four workers and a guard; people who ask over the v3 contract and carry our cookie.
Prints what was measured; with --write it goes to docs/evidence.md. The status is 1 when a figure is missed.
"""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from benchmarks import evidence
from benchmarks.drilling import figures
from benchmarks.drilling.asking import everyday, reading
from benchmarks.drilling.crowd import Pace
from benchmarks.drilling.faults import FAULTS
from benchmarks.drilling.runs import Run, Setting, run
from benchmarks.drilling.scene import Scene, set_up

PEOPLE = 3000
QUIET_PACE = Pace(rate=5.0, threads=6, longest_s=240)
FIFTH = next(fault for fault in FAULTS if fault.name == "fifth")


def main(arguments: Sequence[str]) -> int:
    """Make the drills that are asked for, and say what they showed."""
    options = _parsed(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is taken down
    with set_up(PEOPLE) as scene:
        scene.learn(everyday())
        scene.warm_up(everyday(), options.rate)
        runs = list(_of_faults(scene, options))
        fresh = list(_on_a_quiet_day(scene, options.quiet_runs, "Fresh", Setting("10", QUIET_PACE, reading())))
        after = Setting("10", QUIET_PACE, reading(), from_percentage="1", from_s=65)
        stepped = list(_on_a_quiet_day(scene, options.step_runs, "Stepped", after))
    found = [*figures.of_faults([*runs, *fresh, *stepped]), *figures.of_a_quiet_day(fresh, stepped)]
    _tell(_told(runs, fresh, stepped), found, options)
    return int(not all(figure.is_met for figure in found))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.drill", description=__doc__)
    names = [fault.name for fault in FAULTS]
    parser.add_argument("--runs", type=int, default=10, help="of each fault (10)")
    parser.add_argument("--only", nargs="*", choices=names, default=names, metavar="FAULT", help=", ".join(names))
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second (100)")
    parser.add_argument("--quiet-runs", type=int, default=10, help="at 300 requests a minute, 10 %% share (10)")
    parser.add_argument("--step-runs", type=int, default=3, help="the same after a step from 1 %% (3)")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/evidence.md")
    return parser.parse_args(arguments)


def _of_faults(scene: Scene, options: argparse.Namespace) -> Iterator[Run]:
    setting = Setting("25", Pace(options.rate), everyday())
    for fault in FAULTS:
        for number in range(options.runs if fault.name in options.only else 0):
            yield _said(run(scene, fault, setting, f"Drill {fault.name} {number}"))


def _on_a_quiet_day(scene: Scene, runs: int, name: str, setting: Setting) -> Iterator[Run]:
    for number in range(runs):
        made = run(scene, FIFTH, replace(setting, within_s=120), f"{name} {number}")
        yield _said(replace(made, fault=name.lower()))


def _said(made: Run) -> Run:
    took = "not in time" if made.took_s is None else f"{made.took_s:.1f} s"
    print(f"{made.fault}: {took}, {made.people} people, {made.sentence}", file=sys.stderr)  # noqa: T201
    return made


def _told(runs: Sequence[Run], fresh: Sequence[Run], stepped: Sequence[Run]) -> list[tuple[str, Sequence[Run]]]:
    kinds = [(fault.told, [one for one in runs if one.fault == fault.name]) for fault in FAULTS]
    return [*kinds, (f"{FIFTH.told}, 300 requests/min, fresh", fresh), ("the same, after a step from 1 %", stepped)]


def _tell(
    told: Sequence[tuple[str, Sequence[Run]]], found: Sequence[figures.Figure], options: argparse.Namespace
) -> None:
    command = f"make drill RUNS={options.runs}"
    parts = [
        evidence.circumstances(command, datetime.now(UTC)),
        *map(evidence.table, (figures.figures_table(found), figures.times_table(told), figures.harm_table(told))),
    ]
    print("\n\n".join(parts))  # noqa: T201
    if options.write:
        evidence.write("drill", parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
