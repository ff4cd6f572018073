"""What has been typed before."""

import pytest

from tests.rollout.management.console import (
    rollout,
)


@pytest.fixture
def at_ten() -> None:
    rollout("start", "--all", "--reason", "begin")
    rollout("set", "10", "--all", "--reason", "ten")
