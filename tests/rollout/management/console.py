"""How the tests of the commands type, and what they read."""

import io
import json
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections

from rollout.models import Flag, Worker
from tests.rollout.control import python

ROOT, USERS = "api_v4_enabled", "api_v4_users"


class Said:
    """What a command wrote, and how it ended."""

    def __init__(self, *words: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.error, self.code = None, 0
        try:
            call_command(*words, stdout=out, stderr=err)
        except CommandError as error:
            self.error, self.code = error, error.returncode
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def rollout(*words: str) -> "Said":
    return Said("rollout", *words)


def where(name: str) -> str:
    return str(Flag.objects.named(name).position)


MANAGE = """
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


def run(*words: str) -> tuple[str, str, int]:
    process = python(MANAGE, *words)
    out, err = process.communicate(timeout=60)
    return out, err, process.returncode


def terminate(pid: int) -> None:
    """End another connection's backend, as a PostgreSQL that goes away does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    finally:
        connections.close_all()


def catch_up(pk: Any) -> None:
    """Do as a worker does that hears of the newest version."""
    from rollout.propagation import control_version

    try:
        Worker.objects.filter(pk=pk).update(version=control_version())
    finally:
        connections.close_all()
