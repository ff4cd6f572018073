"""Callers that a test sends through the recorder, as the switch would, and beats that deliver them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from rollout import pulse, snapshot
from rollout.calls import Call
from rollout.eligibility import Arm
from rollout.guard import Evaluator, Tick
from rollout.guard.loop import know_operations
from rollout.identity import Identity
from rollout.models import Flag
from rollout.recording import recorder
from rollout.services import RolloutService
from tests.rollout.control import TERMS

FEATURE = "api_v4_restaurants"
OPERATION = "restaurants.search"


def devices(arm: Arm | None = None, feature: str = FEATURE) -> Iterator[Identity]:
    """Yield devices that carry our cookie, of one arm as the worker believes now, or of any."""
    for number in count():
        who = Identity(f"d:{UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128)}", "cookie")
        if arm is None or snapshot.current().decide(feature, who).arm is arm:
            yield who


def call(
    who: Identity, *, failed: bool = False, duration_ms: float = 5.0, feature: str = FEATURE, operation: str = OPERATION
) -> None:
    """Note one call as its switch would."""
    view = snapshot.current()
    noted = Call(feature, operation, who, view.decide(feature, who), view.flags.get(feature))
    noted.has_failed = failed
    noted.has_recovered = failed
    noted.fingerprint, noted.place, noted.request_id = (
        ("f" * 12, "ValueError in v4", "request-1") if failed else ("",) * 3
    )
    recorder.note(noted, duration_ms)


class Guarded:
    """One worker and one guard on a clock that the test turns."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.evaluator = Evaluator()
        pulse.beat(now)

    def tick(self, **forward: float) -> Tick:
        """Go forward (a second by default), deliver, and look."""
        self.now += timedelta(**(forward or {"seconds": 1}))
        pulse.beat(self.now)
        ticked = self.evaluator.tick(self.now)
        self.evaluator.keep_house(self.now)
        pulse.beat(self.now)
        return ticked

    def serve(self, people: Iterable[Identity], **how: object) -> None:
        """Have each of them call once."""
        for who in people:
            call(who, **how)  # type: ignore[arg-type]


def under_way(now: datetime, *names: str, percentage: object = 10) -> "Guarded":
    """Put features (by default all) at a percentage, with a worker that knows it and a guard that has looked once."""
    know_operations()
    service = RolloutService(lambda: now)
    features = list(names) or list(Flag.objects.values_list("name", flat=True))
    service.start(features, **TERMS)
    service.set_percentage(percentage, features, **TERMS)
    guarded = Guarded(now)
    guarded.tick()
    return guarded
