"""What limits add to a page of the v4 list from the cache: `python -m jewgo.core.local python -m benchmarks.limiting`.

The same request is answered with and without limits, in turns, so that a busy machine is busy for both. Told are the
medians: CPU of the answering thread, and time on the clock, which has the round trip to Redis in it.
"""

import os
import sys
import time
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jewgo.settings")
os.environ["ROLLOUT_PULSE"] = "off"  # a connection of its own would keep the database from going
django.setup()

from django.conf import settings  # noqa: E402 the settings have to stand first
from django.core.wsgi import get_wsgi_application  # noqa: E402

from benchmarks.bench import guide  # noqa: E402
from benchmarks.listing.contender import LIST, answer, cpu_us  # noqa: E402
from jewgo.core.limits.limiter import limiter  # noqa: E402
from jewgo.core.limits.rates import Limit, Rate  # noqa: E402
from rollout.testing import at_stage  # noqa: E402

PLACES = 1000
ROUNDS = 200
REQUESTS = 25
NEVER_MET = Rate(1_000_000, 60)


def measured(program: Any, rates: dict[str, Rate]) -> tuple[float, float]:
    """Return CPU and elapsed microseconds of a request under these limits."""
    settings.LIMITS["RATES"] = rates
    start = time.perf_counter()
    cpu = cpu_us(program, LIST, REQUESTS)
    return cpu, (time.perf_counter() - start) * 1e6 / REQUESTS


def decision_us(limits: int) -> float:
    """Return what a decision alone takes on the clock, by so many limits at once."""
    asked = [Limit(f"benchmark{number}", "u:1", NEVER_MET) for number in range(limits)]
    taken = []
    for _ in range(2000):
        start = time.perf_counter()
        limiter().decide(asked)
        taken.append((time.perf_counter() - start) * 1e6)
    return median(taken)


def main() -> int:
    """Print the figures."""
    program = get_wsgi_application()
    with guide(PLACES), at_stage("api_v4_restaurants", "full"), at_stage("api_v4_cache", "full"):
        status, body = answer(program, LIST)
        measured(program, {"anonymous": NEVER_MET})  # the first requests load and compile
        rounds = [(measured(program, {}), measured(program, {"anonymous": NEVER_MET})) for _ in range(ROUNDS)]
    told = [f"{status}, {len(body)} bytes; {ROUNDS} rounds of {REQUESTS}"]
    for index, name in enumerate(("CPU", "elapsed")):
        without, limited = (median(pair[which][index] for pair in rounds) for which in (0, 1))
        added = median(pair[1][index] - pair[0][index] for pair in rounds)
        told.append(f"{name}: {without:.0f} us without limits, {limited:.0f} us with one, {added:+.0f} us")
    told.append(f"a decision alone: {decision_us(1):.0f} us by one limit, {decision_us(2):.0f} us by two")
    print("\n".join(told))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
