"""Clients of the sample routes."""

import pytest
from django.test import Client


@pytest.fixture
def client() -> Client:
    """A client that meets failures as answers, as people do."""
    return Client(raise_request_exception=False)
