"""Writes: undone before they are made again, never repeated after COMMIT."""

from contextlib import suppress

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from jewgo.core.errors import (
    Conflict,
    OutcomeUnknown,
)
from rollout.testing import at_stage
from rollout.transactions import NestedWrite
from tests.rollout.proxy import before_the_database
from tests.rollout.switch.world import FEATURE, Calls, Make, Rows, fails, kill_own_connection, reported, served, store

pytestmark = pytest.mark.usefixtures("autocommit", "own_registrations")


@pytest.mark.parametrize("engine", ["v3", "v4"])
def test_a_write_is_stored_once_by_the_engine_that_answers(
    make: Make, call: HttpRequest, rows: Rows, engine: str
) -> None:
    switch = make(lambda: store("v4"), lambda: store("v3"), writes=True)

    with at_stage(FEATURE, "full" if engine == "v4" else "disabled"):
        switch(call)

    assert rows() == [engine]


def test_a_write_that_fails_before_commit_is_undone_with_its_hooks_and_made_by_the_control(
    make: Make, call: HttpRequest, rows: Rows, candidate_serves: None
) -> None:
    def candidate() -> None:
        store("v4")
        transaction.on_commit(lambda: store("hook"))
        fails()

    answer = make(candidate, lambda: store("v3"), writes=True)(call)

    assert (answer, rows()) == ({"answer": "v3"}, ["v3"])
    assert served(call).endswith("reason=fallback")


def test_a_write_that_cannot_be_presented_is_undone_and_made_by_the_control(
    make: Make, call: HttpRequest, rows: Rows, candidate_serves: None
) -> None:
    def present(engine: str) -> dict[str, str]:
        return {"v3": {"answer": "v3"}}[engine]

    answer = make(lambda: store("v4"), lambda: store("v3"), writes=True, present=present)(call)

    assert (answer, rows()) == ({"answer": "v3"}, ["v3"])


def test_a_write_that_runs_into_the_time_budget_is_made_by_the_control(
    make: Make, call: HttpRequest, rows: Rows, candidate_serves: None
) -> None:
    def candidate() -> None:
        store("v4")
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 50")
            cursor.execute("SELECT pg_sleep(5)")

    make(candidate, lambda: store("v3"), writes=True)(call)

    assert rows() == ["v3"]


def test_a_write_whose_connection_is_killed_is_made_by_the_control_on_a_new_one(
    make: Make, call: HttpRequest, rows: Rows, candidate_serves: None
) -> None:
    def candidate() -> None:
        store("v4")
        kill_own_connection()

    make(candidate, lambda: store("v3"), writes=True)(call)

    assert rows() == ["v3"]


def test_a_write_that_swallowed_a_database_error_is_made_by_the_control(
    make: Make, call: HttpRequest, rows: Rows, candidate_serves: None
) -> None:
    def candidate() -> str:
        store("v4")
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return "v4"

    answer = make(candidate, lambda: store("v3"), writes=True)(call)

    assert (answer, rows()) == ({"answer": "v3"}, ["v3"])


def test_a_write_that_swallowed_an_inner_rollback_is_made_by_the_control(
    make: Make, call: HttpRequest, rows: Rows, candidate_serves: None
) -> None:
    def candidate() -> str:
        store("v4")
        with suppress(ZeroDivisionError), transaction.atomic(savepoint=False):
            fails()
        return "v4"

    answer = make(candidate, lambda: store("v3"), writes=True)(call)

    assert (answer, rows()) == ({"answer": "v3"}, ["v3"])


def test_a_write_whose_value_cannot_be_written_as_json_is_made_by_the_control(
    make: Make, call: HttpRequest, rows: Rows, candidate_serves: None
) -> None:
    def candidate() -> object:
        store("v4")
        return object()

    make(candidate, lambda: store("v3"), writes=True)(call)

    assert rows() == ["v3"]


def test_a_refused_write_is_undone_and_refused(
    make: Make, call: HttpRequest, rows: Rows, calls: Calls, candidate_serves: None
) -> None:
    def candidate() -> None:
        store("v4")
        raise Conflict

    with pytest.raises(Conflict):
        make(candidate, lambda: store("v3"), writes=True)(call)

    assert (rows(), calls.names) == ([], ["v4"])


def test_a_hook_that_raises_after_the_commit_neither_doubles_the_row_nor_fails_the_answer(
    make: Make, call: HttpRequest, rows: Rows, calls: Calls, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    def candidate() -> str:
        transaction.on_commit(fails)
        transaction.on_commit(lambda: store("hook"))
        return store("v4")

    answer = make(candidate, lambda: store("v3"), writes=True)(call)

    assert (answer, calls.names) == ({"answer": "v4"}, ["v4"])
    assert rows() == ["hook", "v4"]
    assert reported(caplog)["outcome"] == "hook"


def test_a_commit_whose_acknowledgement_is_lost_is_never_repeated(
    make: Make, call: HttpRequest, rows: Rows, calls: Calls, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    switch = make(lambda: store("v4"), lambda: store("v3"), writes=True)

    with before_the_database() as proxy:
        connection.ensure_connection()
        proxy.loses_answer_to = b"COMMIT"
        with pytest.raises(OutcomeUnknown):
            switch(call)

    assert calls.names == ["v4"]
    assert rows() == ["v4"]  # it had been stored: running the control would have doubled it
    assert reported(caplog)["outcome"] == "outcome_unknown"
    assert served(call).startswith("v4;")


def test_a_commit_that_fails_is_never_repeated_either(
    make: Make, call: HttpRequest, rows: Rows, calls: Calls, candidate_serves: None
) -> None:
    def candidate() -> str:
        store("v4")
        return store("v4")  # the unique constraint is deferred: COMMIT will refuse it

    with pytest.raises(OutcomeUnknown):
        make(candidate, lambda: store("v3"), writes=True)(call)

    assert (rows(), calls.names) == ([], ["v4"])


def test_the_control_commits_by_the_same_rules(make: Make, call: HttpRequest, rows: Rows) -> None:
    switch = make(lambda: store("v4"), lambda: store("v3"), writes=True)

    with at_stage(FEATURE, "disabled"), before_the_database() as proxy:
        connection.ensure_connection()
        proxy.loses_answer_to = b"COMMIT"
        with pytest.raises(OutcomeUnknown):
            switch(call)

    assert rows() == ["v3"]


def test_a_write_inside_a_transaction_is_refused_before_any_engine_runs(
    make: Make, call: HttpRequest, rows: Rows, calls: Calls, candidate_serves: None
) -> None:
    switch = make(lambda: store("v4"), lambda: store("v3"), writes=True)

    with transaction.atomic(), pytest.raises(NestedWrite):
        switch(call)

    assert calls.names == []
