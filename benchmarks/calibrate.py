"""How often a healthy v4 is rolled back, and how soon a bad one: `python -m benchmarks.calibrate`, no database.

The rollouts are simulated, the judgement is the real one. Pieces that are done are kept in a file, so an interrupted
campaign goes on where it was. `make calibrate` writes the tables of docs/evidence.md at the end.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.calibration import report
from benchmarks.calibration.campaign import campaign, plan
from benchmarks.calibration.situations import SITUATIONS

_ROOT = Path(__file__).parents[1]
DOCUMENT = _ROOT / "docs" / "evidence.md"


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.calibrate", description="Simulate rollouts and judge them."
    )
    parser.add_argument("--runs", type=int, default=2000, help="rollouts of each situation (2000)")
    parser.add_argument(
        "--situations",
        nargs="+",
        choices=SITUATIONS,
        default=list(SITUATIONS),
        metavar="NAME",
        help=", ".join(SITUATIONS),
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2, help="0 only shows what is kept (2)")
    parser.add_argument(
        "--out",
        type=Path,
        default=_ROOT / "var" / "calibration.jsonl",
        help="where pieces are kept (var/calibration.jsonl)",
    )
    parser.add_argument(
        "--document", type=Path, help="write the tables between the markers of this file (docs/evidence.md)"
    )
    return parser.parse_args()


def main() -> int:
    """Run what is missing and print the tables; they go into the document too if it is named."""
    asked = arguments()
    results = campaign(plan(asked.situations, asked.runs, asked.seed), asked.out, asked.processes)
    today = datetime.now(UTC).date()
    tables = [report.healthy, report.hard, report.broken, report.rivals_healthy, report.rivals_broken]
    print("\n\n".join([report.about(results, today), *(make(results) for make in tables)]))  # noqa: T201
    if asked.document:
        report.write(results, asked.document, today)
    return 0


if __name__ == "__main__":
    sys.exit(main())
