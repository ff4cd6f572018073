"""A pytest plugin: a real PostgreSQL and Valkey for this run, where DATABASE_URL and REDIS_URL name none.

Loaded by `-p` in pyproject.toml, so that the environment stands before pytest-django reads the settings. The run's
controller starts the services, in a directory of their own and without syncing to disk; xdist's workers inherit them.
They end with the run, however it ends.
"""

import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jewgo.core import local
from jewgo.core.places import Place

TEST_DEFAULTS = {
    "SECRET_KEY": "a key for tests only, which is long enough for the checks of Django",
    "ROLLOUT_SECRET": "a secret for tests only, which is long enough",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "ROLLOUT_DRILLS": "on",
    "ROLLOUT_PULSE": "off",  # tests beat by hand; a thread of its own would block dropping the test database
    "RATE_LIMITS": "off",  # a test of limits says which
    "JEWGO_LOCAL": "on",  # plain HTTP: the test client would meet nothing but redirects to HTTPS
}
OWN_REDIS = "JEWGO_TEST_OWN_REDIS"
"""Set by the controller: the Valkey is the run's own, so each worker may have a database of it for itself."""

_lease: list[local.Lease] = []


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Complete the environment, and start the services that it does not name."""
    for name, value in TEST_DEFAULTS.items():
        os.environ.setdefault(name, value)
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        _start_services()
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker and os.environ.get(OWN_REDIS):
        os.environ["REDIS_URL"] = _redis_of(worker, os.environ["REDIS_URL"])


def _start_services() -> None:
    path = Path(tempfile.mkdtemp(prefix="jewgo-test-"))
    path.chmod(0o711)  # the servers' user passes through it to its own directories
    lease, urls = local.attach(Place(path, is_throwaway=True), os.environ)
    _lease.append(lease)
    os.environ.update(urls)
    if "REDIS_URL" in urls:
        os.environ[OWN_REDIS] = "yes"


def _redis_of(worker: str, url: str) -> str:
    number = int(worker.removeprefix("gw")) + 1
    return urlsplit(url)._replace(path=f"/{number}").geturl()


def pytest_unconfigure() -> None:
    """Let the services go."""
    while _lease:
        _lease.pop().release()
