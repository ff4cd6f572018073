"""One running installation for all journeys."""

from collections.abc import Iterator

import pytest

from tests.journeys.client import Client
from tests.journeys.service import Service, running_service


@pytest.fixture(scope="package")
def service() -> Iterator[Service]:
    """Yield the installation; each journey sends the features where it needs them."""
    with running_service() as running:
        yield running


@pytest.fixture
def client(service: Service) -> Client:
    return service.client
