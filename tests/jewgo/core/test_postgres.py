"""A kept connection is asked about without a round trip, and one that was ended is noticed all the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[Any]:
    """Yield a second connection to the same database, as another thread has one."""
    second = connection.copy()
    yield second
    second.close()


def backend_of(some: Any) -> int:
    with some.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def count_of_statements(pid: int) -> str:
    """Return what PostgreSQL says that connection did last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
        return str(cursor.fetchone()[0])


def test_a_connection_that_stands_is_asked_about_without_a_statement(other: Any) -> None:
    pid = backend_of(other)

    assert other.is_usable()

    assert count_of_statements(pid) == "SELECT pg_backend_pid()"


def test_a_connection_that_the_server_ended_is_not_usable(other: Any) -> None:
    pid = backend_of(other)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    assert not other.is_usable()


def test_a_connection_whose_transaction_has_failed_is_not_usable(other: Any) -> None:
    other.ensure_connection()
    other.set_autocommit(False)
    with pytest.raises(DatabaseError), other.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")

    assert not other.is_usable()


def test_a_notice_that_nobody_asked_for_does_not_end_a_connection(other: Any) -> None:
    with other.cursor() as cursor:
        cursor.execute("LISTEN something")
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY something")

    assert other.is_usable()


def test_the_next_request_after_an_end_gets_a_new_connection(other: Any) -> None:
    other.health_check_enabled = other.settings_dict["CONN_HEALTH_CHECKS"]
    pid = backend_of(other)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.health_check_done = False

    assert backend_of(other) != pid


def test_it_is_the_backend_of_every_connection() -> None:
    assert type(connections["default"]).__module__ == "jewgo.core.postgres.base"
