"""What recording adds to one call of a switch: `python -m benchmarks.recording`, no database.

The same switch is called with and without a recorder, in turns, so that a busy machine is busy for both; the figure is
the median of the differences, with what a call pays in any case added: its notes and two looks at the clock. An
ordinary call: somebody seen before, no failure, no breaker open.
"""

import os
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jewgo.settings")
django.setup()

from django.test import RequestFactory  # noqa: E402 the settings have to stand first

from rollout.calls import Call  # noqa: E402
from rollout.eligibility import FlagState, Measure  # noqa: E402
from rollout.identity import DEVICE_COOKIE, Identity, identify, sign_device  # noqa: E402
from rollout.recording import recorder  # noqa: E402
from rollout.snapshot import Snapshot, holder  # noqa: E402
from rollout.stages import Stage  # noqa: E402
from rollout.switch import Switch, control  # noqa: E402

FEATURE, OPERATION = "api_v4_restaurants", "benchmarks.ordinary"
TARGET_US = 3.0
ROUNDS = 4000
CALLS = 50


def ordinary() -> Callable[[], Any]:
    """Return a call of a switch by a device that has been seen, at 50 %, with limits of slowness."""
    control(OPERATION)(lambda: 3)
    switch = Switch(FEATURE, OPERATION, candidate=lambda: 4, present=str, writes=False)
    measure = Measure({OPERATION: 500.0}, p95_ms=800)
    flag = FlagState(1, FEATURE, "api_v4", Stage.PARTIAL, Decimal(50), attempt=1, measure=measure)
    holder.replace(Snapshot([flag], version=1, secret="a secret of this benchmark only, long enough"))  # noqa: S106
    request = RequestFactory().get("/")
    request.COOKIES[DEVICE_COOKIE] = sign_device("3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b")
    identify(request)
    return lambda: switch(request)


def timed(work: Callable[[], object]) -> float:
    """Return the microseconds that one call of `work` takes."""
    start = time.perf_counter()
    for _ in range(CALLS):
        work()
    return (time.perf_counter() - start) * 1e6 / CALLS


def unrecorded(work: Callable[[], object]) -> float:
    """Return what a call takes while nothing is noted."""
    recorder.note = lambda *_: None  # type: ignore[method-assign]
    try:
        return timed(work)
    finally:
        del recorder.note


def prepared() -> float:
    """Return what the notes of a call and the two looks at the clock take."""
    view = holder.current()
    flag, caller = view.flags[FEATURE], Identity("d:1", "cookie")
    decision = view.decide(FEATURE, caller)

    def prepare() -> None:
        Call(FEATURE, OPERATION, caller, decision, flag)
        time.perf_counter()
        time.perf_counter()

    return median(timed(prepare) for _ in range(ROUNDS))


def main() -> int:
    """Print the figures; the status is 1 when the target is missed."""
    call = ordinary()
    call()
    pairs = [(unrecorded(call), timed(call)) for _ in range(ROUNDS)]
    noting = median(whole - alone for alone, whole in pairs)
    whole_us, added = median(whole for _, whole in pairs), noting + prepared()
    print(f"a call {whole_us:.2f} us, of it noting {noting:.2f} us, recording {added:.2f} us (target {TARGET_US})")  # noqa: T201
    return int(added > TARGET_US)


if __name__ == "__main__":
    sys.exit(main())
