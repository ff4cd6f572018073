"""Clients of the sample routes."""

from django.test import Client
from pytest import fixture


@fixture
def client() -> Client:
    """A client that meets failures as answers, as people do."""
    return Client(raise_request_exception=False)
