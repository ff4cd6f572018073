"""What stands before the v4 contract of reviews: an open gate, and the small world."""

from collections.abc import Iterator

import pytest

from rollout.testing import at_stage
from tests.reviews import world


@pytest.fixture(autouse=True)
def open_gate() -> Iterator[None]:
    """Let everybody in."""
    with at_stage("api_v4_reviews", "full"):
        yield


@pytest.fixture
def stored(db: None) -> None:
    """Have the small world."""
    world.build()
