"""How much a decision costs beyond the bare keyed hash and compare: `python -m benchmarks.decision`, no database.

The eight features of a running rollout: PARTIAL behind a prerequisite, with testers and overrides. Both are measured
in turns, so that a busy machine is busy for both; the figure is the median of the ratios.
"""

import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from statistics import median
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jewgo.settings")
django.setup()

from rollout.eligibility import FlagState  # noqa: E402 the settings have to stand first
from rollout.slots import Cohort, threshold  # noqa: E402
from rollout.snapshot import Snapshot, current, holder  # noqa: E402
from rollout.stages import Stage  # noqa: E402

SECRET = "a secret of this benchmark only, long enough"  # noqa: S105
TARGET = 1.6
ROUNDS = 200
IDENTITIES = [f"d:{UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128)}" for number in range(1000)]


def flags() -> list[FlagState]:
    """Return the eight features of a rollout under way."""
    testers = frozenset(f"u:{number}" for number in range(50))
    overrides = {f"d:{number}": bool(number % 2) for number in range(50)}
    names = ("restaurants", "reviews", "users", "statistics", "cache", "validation", "error_handling")
    first = FlagState(1, "api_v4_enabled", "api_v4", Stage.PARTIAL, Decimal(25), testers=testers)
    return [first] + [
        FlagState(
            2 + number,
            f"api_v4_{name}",
            "api_v4",
            Stage.PARTIAL,
            Decimal(10),
            prerequisite=first.name,
            testers=testers,
            overrides=overrides,
        )
        for number, name in enumerate(names)
    ]


def timed(work: Callable[[str], object]) -> float:
    """Return the seconds that `work` takes for every identity."""
    start = time.perf_counter()
    for identity in IDENTITIES:
        work(identity)
    return time.perf_counter() - start


def main() -> int:
    """Print the figures; the status is 1 when the target is missed."""
    cohort, limit = Cohort(SECRET, "api_v4"), threshold(Decimal(10))
    holder.replace(Snapshot(flags(), version=1, secret=SECRET))

    def bare(identity: str) -> bool:
        return cohort.slot(identity) < limit

    def decision(identity: str) -> object:
        return current().decide("api_v4_restaurants", identity)

    pairs = [(timed(bare), timed(decision)) for _ in range(ROUNDS)]
    ratio = median(whole / alone for alone, whole in pairs)
    bare_us, whole_us = (median(times) * 1e6 / len(IDENTITIES) for times in zip(*pairs, strict=True))
    print(f"bare hash and compare {bare_us:.2f} us, decision {whole_us:.2f} us, ratio {ratio:.2f} (target {TARGET})")  # noqa: T201
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
