"""Which engine answered a request, and why: noted by whoever decides it, read by the middleware."""

from dataclasses import dataclass
from typing import Literal

from django.http import HttpRequest

from rollout import identity

Engine = Literal["v3", "v4"]


@dataclass(frozen=True, slots=True)
class Served:
    """Which engine answered a request, under which feature, and why."""

    engine: Engine
    feature: str
    reason: str
    is_switched: bool = True
    """Whether a switch chose the engine (the v3 contract), not a gate (the v4 contract)."""

    def __str__(self) -> str:
        return f"{self.engine}; feature={self.feature}; reason={self.reason}"


def note_served(request: HttpRequest, served: Served) -> None:
    """Put `served` where the middleware finds it, as the answer's X-JewGo-Served-By."""
    http = identity.unwrapped(request)
    http.rollout_served = served  # type: ignore[attr-defined]
