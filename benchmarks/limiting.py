"""What limits add to a page of the v4 list from the cache: `python -m jewgo.core.local python -m benchmarks.limiting`.

The same request is answered with and without limits, in turns, so that a busy machine is busy for both. Told are the
medians: CPU of the answering thread, and time on the clock, which has the round trip to Redis in it. Needs a guide
(`make run` once): the page is whatever the local database holds.
"""

import os
import sys
import time
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jewgo.settings")
django.setup()

from django.conf import settings  # noqa: E402 the settings have to stand first
from django.core.wsgi import get_wsgi_application  # noqa: E402

from benchmarks.listing.contender import LIST, answer, cpu_us  # noqa: E402
from jewgo.core.limits.rates import Rate  # noqa: E402
from rollout.testing import at_stage  # noqa: E402

ROUNDS = 200
REQUESTS = 25
ON = {"anonymous": Rate(1_000_000, 60)}


def measured(program: Any, path: str, rates: dict[str, Rate]) -> tuple[float, float]:
    """Return CPU and elapsed microseconds of a request under these limits."""
    settings.LIMITS["RATES"] = rates
    start = time.perf_counter()
    cpu = cpu_us(program, path, REQUESTS)
    return cpu, (time.perf_counter() - start) * 1e6 / REQUESTS


def main() -> int:
    """Print the figures."""
    program = get_wsgi_application()
    with at_stage("api_v4_restaurants", "full"), at_stage("api_v4_cache", "full"):
        settings.LIMITS["RATES"] = ON
        status, body = answer(program, LIST)
        rounds = [(measured(program, LIST, {}), measured(program, LIST, ON)) for _ in range(ROUNDS)]
    for index, name in enumerate(("CPU", "elapsed")):
        without, with_limit = (median(pair[which][index] for pair in rounds) for which in (0, 1))
        added = median(pair[1][index] - pair[0][index] for pair in rounds)
        print(f"{name}: {without:.0f} us without, {with_limit:.0f} us with one limit, {added:+.0f} us")  # noqa: T201
    print(f"{status}, {len(body)} bytes; {ROUNDS} rounds of {REQUESTS}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
