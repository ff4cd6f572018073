"""What stands before the v4 contract: an open gate, and the small guide."""

from collections.abc import Iterator

import pytest

from tests.restaurants import contract


@pytest.fixture(autouse=True)
def open_gate() -> Iterator[None]:
    """Let everybody in."""
    with contract.served_by("v4"):
        yield


@pytest.fixture
def guide(standing_guide: None, db: None) -> None:
    """Have the small guide."""
