"""A switch on registrations of its own, on connections as a serving process has them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import DjangoDbBlocker

from rollout import registry
from rollout.switch import Switch, control
from rollout.testing import at_stage
from tests.rollout.switch.world import DEVICE, FEATURE, AnySwitch, Calls, Make, Rows, _numbers


@pytest.fixture
def own_registrations() -> Iterator[None]:
    with registry.forgetting():
        yield


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def make(calls: Calls) -> Make:
    def build(
        candidate: Callable[..., Any],
        older: Callable[..., Any] | None = None,
        *,
        writes: bool = False,
        present: Callable[[Any], Any] = lambda value: {"answer": value},
    ) -> AnySwitch:
        operation = f"tests.operation_{next(_numbers)}"
        if older is not None:
            control(operation)(calls.engine("v3", older))
        return Switch(FEATURE, operation, candidate=calls.engine("v4", candidate), present=present, writes=writes)

    return build


@pytest.fixture
def call(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/", headers={"X-Device-ID": DEVICE})
    request.user = AnonymousUser()
    return request


@pytest.fixture
def candidate_serves() -> Iterator[None]:
    with at_stage(FEATURE, "full"):
        yield


@pytest.fixture
def autocommit(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database as a serving process has it, without a transaction around the test and the flush that costs."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def rows(autocommit: None) -> Iterator[Rows]:
    """A table to write to; the value tells what another connection would find in it."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE switch_probe (engine text UNIQUE DEFERRABLE INITIALLY DEFERRED)")

    def stored() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT engine FROM switch_probe ORDER BY engine")
            return [engine for (engine,) in cursor.fetchall()]

    yield stored
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE switch_probe")
