"""The kernel's tests answer requests, and every request may look whether the database is there."""

import pytest


@pytest.fixture(autouse=True)
def database(db: None) -> None:
    """Let every test here reach the database, whatever connection an earlier one left open in this process."""
