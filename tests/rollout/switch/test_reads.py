"""Reads whose candidate fails, refuses or loses its connection."""

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest
from pytest_django import DjangoAssertNumQueries

from jewgo.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    JewgoError,
    NotFound,
    TooManyRequests,
    Unauthenticated,
)
from rollout.models import Flag
from tests.rollout.proxy import before_the_database
from tests.rollout.switch.world import (
    FEATURE,
    Calls,
    Make,
    Rows,
    ask_the_database,
    fails,
    kill_own_connection,
    raises,
    reported,
    served,
    store,
)

pytestmark = pytest.mark.usefixtures("autocommit", "own_registrations")


def test_a_read_whose_candidate_raises_is_answered_by_the_control(
    make: Make, call: HttpRequest, calls: Calls, candidate_serves: None
) -> None:
    answer = make(fails, lambda: 3)(call)

    assert (answer, calls.names) == ({"answer": 3}, ["v4", "v3"])
    assert served(call) == f"v3; feature={FEATURE}; reason=fallback"


def test_a_read_whose_presentation_raises_is_answered_by_the_control(
    make: Make, call: HttpRequest, candidate_serves: None
) -> None:
    def present(value: int) -> dict[str, int]:
        return {"answer": 12 // (4 - value)}

    assert make(lambda: 4, lambda: 3, present=present)(call) == {"answer": 12}


@pytest.mark.parametrize(
    "value",
    [(number for number in [1]), {1, 2}, object(), "\ud800", 2**70, b"bytes"],
    ids=["generator", "set", "object", "surrogate", "huge integer", "bytes"],
)
def test_a_value_that_cannot_be_written_as_json_never_leaves_the_guard(
    make: Make, call: HttpRequest, candidate_serves: None, value: object
) -> None:
    assert make(lambda: value, lambda: 3)(call) == {"answer": 3}


def test_a_queryset_never_leaves_the_guard(make: Make, call: HttpRequest, candidate_serves: None) -> None:
    assert make(Flag.objects.all, lambda: 3)(call) == {"answer": 3}


def test_a_read_runs_in_autocommit_without_a_savepoint(
    make: Make, call: HttpRequest, candidate_serves: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def look() -> int:
        assert not connection.in_atomic_block
        with connection.cursor() as cursor:
            cursor.execute("SELECT 4")
            ((four,),) = cursor.fetchall()
        return int(four)

    with django_assert_num_queries(1):
        assert make(look, lambda: 3)(call) == {"answer": 4}


def test_a_read_that_runs_into_the_time_budget_is_answered_by_the_control(
    make: Make, call: HttpRequest, candidate_serves: None
) -> None:
    def sleep() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 50; SELECT pg_sleep(5)")

    assert make(sleep, ask_the_database)(call) == {"answer": 3}
    assert served(call).endswith("reason=fallback")


def test_a_read_whose_connection_is_killed_is_answered_by_the_control_on_a_new_one(
    make: Make, call: HttpRequest, candidate_serves: None
) -> None:
    assert make(kill_own_connection, ask_the_database)(call) == {"answer": 3}
    assert served(call).endswith("reason=fallback")


@pytest.mark.parametrize("refusal", [InvalidInput, NotFound, Conflict])
def test_a_read_that_the_candidate_refuses_wrongly_is_answered_by_the_control(
    make: Make, call: HttpRequest, candidate_serves: None, refusal: type[JewgoError], caplog: pytest.LogCaptureFixture
) -> None:
    answer = make(raises(refusal), lambda: 3)(call)

    assert answer == {"answer": 3}
    assert served(call).endswith("reason=fallback")
    assert reported(caplog)["outcome"] == "wrong_refusal"


def test_a_refusal_that_both_engines_share_stands_and_is_no_failure(
    make: Make, call: HttpRequest, calls: Calls, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NotFound):
        make(raises(NotFound), raises(NotFound))(call)

    assert calls.names == ["v4", "v3"]
    assert served(call).startswith("v4;")
    assert not caplog.records


def test_where_the_engines_refuse_for_different_reasons_the_control_is_right(
    make: Make, call: HttpRequest, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidInput):
        make(raises(NotFound), raises(InvalidInput))(call)

    assert served(call).endswith("reason=fallback")
    assert reported(caplog)["outcome"] == "wrong_refusal"


def test_a_refusal_stands_when_the_control_is_broken(make: Make, call: HttpRequest, candidate_serves: None) -> None:
    with pytest.raises(NotFound):
        make(raises(NotFound), fails)(call)


@pytest.mark.parametrize("refusal", [Unauthenticated, Forbidden, TooManyRequests])
def test_a_refusal_of_the_caller_is_not_put_to_the_control(
    make: Make, call: HttpRequest, calls: Calls, candidate_serves: None, refusal: type[JewgoError]
) -> None:
    with pytest.raises(refusal):
        make(raises(refusal), lambda: 3)(call)

    assert calls.names == ["v4"]


def test_when_both_engines_fail_the_control_says_how_and_the_candidate_is_reported(
    make: Make, call: HttpRequest, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(OperationalError):
        make(fails, raises(OperationalError))(call)

    assert reported(caplog)["recovered"] is False


@pytest.mark.parametrize("writes", [False, True])
def test_a_database_that_goes_away_for_both_engines_fails_this_call_and_not_the_next(
    make: Make, call: HttpRequest, rows: Rows, calls: Calls, candidate_serves: None, *, writes: bool
) -> None:
    with before_the_database() as proxy:
        leaves = [proxy.cut]

        def candidate() -> str:
            store("v4") if writes else rows()
            if leaves:
                leaves.pop()()
            rows()
            return "v4"

        switch = make(candidate, lambda: store("v3"), writes=writes)
        with pytest.raises(OperationalError):
            switch(call)
        proxy.mend()
        answer = switch(call)

    assert answer == {"answer": "v4"}
    assert calls.names == (["v4", "v4"] if writes else ["v4", "v3", "v4"])  # without a BEGIN v3 does not begin
    assert rows() == ["v4"] * writes
