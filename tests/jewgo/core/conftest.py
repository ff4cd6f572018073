"""Servers that the kernel's tests may end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jewgo.core.valkey import Valkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey of this test's own."""
    with Valkey(tmp_path) as server:
        yield server
