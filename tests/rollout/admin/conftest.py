"""Who looks at the admin, and the service behind it."""

import pytest
from django.test import Client

from rollout.services import RolloutService
from users.models import User


@pytest.fixture
def service() -> RolloutService:
    return RolloutService()


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser(email="boss@example.com")


@pytest.fixture
def browser(client: Client, boss: User) -> Client:
    """A superuser's browser, over HTTPS."""
    client.force_login(boss)
    client.defaults["wsgi.url_scheme"] = "https"
    return client
