"""What every test stands on."""

import pytest
from django.conf import settings

from jewgo.core import retirement

pytest_plugins = ["tests.rollout.process_state", "tests.silence"]
settings.PASSWORD_HASHERS = ["tests.hashing.QuickArgon2"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let this run's own connections TRUNCATE the append-only tables: a transactional test ends in a flush."""
    settings.DATABASES["default"]["OPTIONS"]["options"] += " -c jewgo.allow_truncate=on"


@pytest.fixture(autouse=True)
def no_sunset() -> None:
    """Let the v3 contract be served without asking the database each time when it ends."""
    retirement.sunset.put(None, fresh_s=3600)
