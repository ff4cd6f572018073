"""The connection of the pulse: it wakes, gives up in time, and connects anew."""

import threading
import time
from contextlib import suppress
from typing import Any

import psycopg2
import pytest
from django.db import connection

from rollout.link import Link, LinkTimeout


@pytest.fixture
def server() -> dict[str, Any]:
    return connection.get_connection_params()


def test_the_link_gives_up_on_a_server_that_does_not_answer_in_time(server: dict[str, Any]) -> None:
    link = Link(server)

    start = time.monotonic()
    with pytest.raises(LinkTimeout):
        link.ask("SELECT pg_sleep(5)", {}, timeout_s=0.2)
    took = time.monotonic() - start
    again = link.ask("SELECT 1", {})
    link.close()

    assert took < 4  # the statement would have taken 5 s
    assert again == [(1,)]


def test_the_link_wakes_at_once_when_postgresql_notifies(server: dict[str, Any]) -> None:
    link, other = Link(server), Link(server)
    link.ask("SELECT 1", {})

    other.ask("NOTIFY rollout, '7'", {})
    start = time.monotonic()
    link.wait(5)
    took = time.monotonic() - start
    link.close()
    other.close()

    assert took < 4  # a wait that heard nothing would have taken 5 s


def test_the_link_hears_what_was_notified_while_it_was_asking(server: dict[str, Any]) -> None:
    link, other = Link(server), Link(server)
    link.ask("SELECT 1", {})
    other.ask("SELECT 1", {})
    notifying = threading.Timer(0.1, other.ask, ["NOTIFY rollout, '7'", {}])
    notifying.start()

    link.ask("SELECT pg_sleep(0.3)", {})
    start = time.monotonic()
    link.wait(5)
    took = time.monotonic() - start
    start = time.monotonic()
    link.wait(0.2)
    quiet = time.monotonic() - start
    notifying.join()
    link.close()
    other.close()

    assert took < 4  # a wait that heard nothing would have taken 5 s
    assert quiet >= 0.2


def test_the_link_connects_anew_after_its_backend_was_killed(server: dict[str, Any]) -> None:
    link, other = Link(server), Link(server)
    ((pid,),) = link.ask("SELECT pg_backend_pid()", {})

    other.ask("SELECT pg_terminate_backend(%(pid)s)", {"pid": pid})
    start = time.monotonic()
    link.wait(5)
    noticed = time.monotonic() - start
    with suppress(psycopg2.Error):  # it may take one more question to see that it is gone for good
        link.ask("SELECT 1", {})
    answer = link.ask("SELECT 1", {})
    link.close()
    other.close()

    assert noticed < 1
    assert answer == [(1,)]
