"""One installation whose servers may be killed."""

from collections.abc import Iterator

import pytest

from tests.journeys.service import Service, running_service


@pytest.fixture(scope="package")
def service() -> Iterator[Service]:
    with running_service() as running:
        yield running
