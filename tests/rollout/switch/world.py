"""What the tests of the switch share: engines that note their calls, fail, and write."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest

from rollout.switch import Switch

FEATURE = "switched_feature"
DEVICE = "3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b"
AnySwitch = Switch[..., Any, Any]
Make = Callable[..., AnySwitch]
Rows = Callable[[], list[str]]
_numbers = count()


@dataclass
class Calls:
    """Which engines were called, in order."""

    names: list[str] = field(default_factory=list)

    def engine(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any) -> Any:
            self.names.append(name)
            return work(*args)

        return called


def store(engine: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO switch_probe VALUES (%s)", [engine])
    return engine


def served(request: HttpRequest) -> str:
    return str(request.rollout_served)  # type: ignore[attr-defined]


def fails(*_: Any) -> Any:
    raise ZeroDivisionError("somebody@example.org entered this")


def raises(error: type[Exception]) -> Callable[..., Any]:
    def raising(*_: Any) -> Any:
        raise error("it says so")

    return raising


def kill_own_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def ask_the_database() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 3")
        ((three,),) = cursor.fetchall()
    return int(three)


def reported(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (record,) = [record for record in caplog.records if record.name == "rollout.failures"]
    assert record.levelno == logging.ERROR
    fields: dict[str, Any] = record.__dict__["fields"]
    return fields
