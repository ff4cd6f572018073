"""The service with a clock that stands, and all features at 10 %."""

import pytest

from rollout.services import RolloutService
from tests.rollout.control import TERMS, Clock
from tests.rollout.services.world import ALL


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(db: None, clock: Clock) -> RolloutService:
    return RolloutService(clock)


@pytest.fixture
def at_ten(service: RolloutService) -> RolloutService:
    """All features at PARTIAL 10 %."""
    service.start(ALL, **TERMS)
    service.set_percentage(10, ALL, **TERMS)
    return service
