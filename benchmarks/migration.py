"""A whole migration under load, with two broken releases on the way: `make migration`.

The dwell of a step and the certificate's times are cut to seconds; what has to be proven is not. Started, stepped to
1 % and completed by script; every other step and both rollbacks are the guard's own. Prints the story as the ledger
tells it, and what people got; with --write both go to docs/evidence.md. The status is 1 when anybody was harmed.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks import evidence
from benchmarks.drilling import story
from benchmarks.drilling.asking import of_heavy_users
from benchmarks.drilling.crowd import Pace
from benchmarks.drilling.faults import FAULTS
from benchmarks.drilling.plan import Operator
from benchmarks.drilling.runs import harm
from benchmarks.drilling.scene import Scene, set_up
from benchmarks.drilling.story import Outcome

PEOPLE = 20_000
NAME = "Migration"
LONGEST_S = 5400.0
AFTERWARDS_S = 10.0
LASTS_S = 600
"""Of a broken release: longer than anybody will leave it."""
BROKEN = {fault.name: {**fault.drill, "lasts_s": LASTS_S} for fault in FAULTS}


def main(arguments: Sequence[str]) -> int:
    """Migrate, and say how that went."""
    options = _parsed(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything is taken down
    with set_up(PEOPLE, DJANGO_SETTINGS_MODULE="benchmarks.drilling.settings", JEWGO_RELEASE="release-1") as scene:
        scene.learn(of_heavy_users())
        scene.warm_up(of_heavy_users(), options.rate)
        outcome = migrate(scene, Pace(options.rate, longest_s=LONGEST_S), options.patience)
    parts = [
        evidence.circumstances("make migration", datetime.now(UTC)),
        *map(evidence.table, (story.outcome_table(outcome), story.ledger_table(outcome.lines))),
    ]
    print("\n\n".join(parts))  # noqa: T201
    if options.write:
        evidence.write("migration", parts)
    return int(not outcome.is_clean)


def migrate(scene: Scene, pace: Pace, patience_s: float) -> Outcome:
    """Take restaurants from 1 % to COMPLETE while people ask, past a release that fails and one that fails at FULL."""
    first = scene.observer.last_line()
    with scene.crowd(pace, of_heavy_users(), NAME) as people:
        operator = Operator(scene, people, patience_s)
        operator.shorten()
        operator.begin()
        operator.watch_until("10")
        _break(operator, "release-2", "fifth", "release-3")
        operator.watch_until("full")
        _break(operator, "release-4", "hebrew", "release-5")
        operator.watch_until("full", ("api_v4_enabled", "api_v4_restaurants"))
        operator.end_holdout()
        has_certificate = operator.complete()
        time.sleep(AFTERWARDS_S)
    return Outcome(
        heard=people.heard,
        harm=harm(scene, people.heard, NAME),
        uncounted=scene.uncounted(),
        by_script=operator.by_script,
        unearned=operator.unearned,
        has_certificate=has_certificate,
        is_chain_whole=scene.service.manage("rollout", "verify").returncode == 0,
        lines=story.lines(scene.observer, first),
    )


def _break(operator: Operator, broken: str, fault: str, repaired: str) -> None:
    """Release what is broken, see the guard send everybody back, repair it and begin anew."""
    since = operator.scene.observer.last_line()
    operator.release(broken, BROKEN[fault])
    line = operator.rolled_back(since)
    print(f"{broken}: {line.sentence}", file=sys.stderr)  # noqa: T201
    operator.release(repaired)
    operator.begin()


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.migration", description=__doc__)
    parser.add_argument("--rate", type=float, default=150.0, help="requests a second (150)")
    parser.add_argument("--patience", type=float, default=600.0, metavar="S", help="for each step of the guard (600)")
    parser.add_argument("--write", action="store_true", help="put the story into docs/evidence.md")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
