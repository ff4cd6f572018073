"""A keeper at the admin, before the small guide."""

from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def keeper(django_user_model: Any) -> Any:
    """Return somebody who may do everything."""
    return django_user_model.objects.create(email="keeper@example.org", is_staff=True, is_superuser=True)


@pytest.fixture
def client(keeper: Any) -> Client:
    """Return the keeper's browser."""
    client = Client()
    client.force_login(keeper)
    return client


@pytest.fixture
def guide(standing_guide: None, db: None) -> None:
    """Have the small guide."""
