"""A caller with authority, and the service behind the routes."""

import pytest

from rollout.services import RolloutService
from tests.rollout.api.callers import Caller


@pytest.fixture
def ops(db: None) -> Caller:
    return Caller("ops")


@pytest.fixture
def service(db: None) -> RolloutService:
    return RolloutService()
