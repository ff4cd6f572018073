"""What the tests of moves share: names of features, and where they stand."""

from typing import Any

from rollout.models import Flag
from rollout.moves import Result, Selection
from rollout.services import RolloutService
from tests.rollout.control import TERMS

ALL = Selection(everything=True)
ROOT, REVIEWS, USERS = "api_v4_enabled", "api_v4_reviews", "api_v4_users"


def at_full(service: RolloutService, *names: str) -> None:
    service.start(names, **TERMS)
    while str(Flag.objects.named(names[0]).position)[:4] != "FULL":
        service.advance(names, **TERMS)


def where(name: str) -> str:
    return str(Flag.objects.named(name).position)


def results(report: Any) -> dict[str, Result]:
    return {outcome.feature: outcome.result for outcome in report.outcomes}
