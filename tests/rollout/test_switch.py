"""The switch's four rules, each on real connections that really break."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, OperationalError, connection, transaction
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoDbBlocker

from jewgo.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    JewgoError,
    NotFound,
    OutcomeUnknown,
    TooManyRequests,
    Unauthenticated,
)
from rollout import identity, registry
from rollout.eligibility import DrillState, FlagState
from rollout.forces import Forces
from rollout.models import Flag
from rollout.snapshot import Snapshot, holder
from rollout.stages import HUNDRED, Stage
from rollout.switch import Switch, Toggle, control
from rollout.testing import at_stage
from rollout.transactions import NestedWrite
from tests.rollout.proxy import before_the_database

FEATURE = "switched_feature"
DEVICE = "3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b"

AnySwitch = Switch[..., Any, Any]
Make = Callable[..., AnySwitch]
Rows = Callable[[], list[str]]

_numbers = count()

pytestmark = pytest.mark.usefixtures("autocommit", "own_registrations")


@pytest.fixture
def own_registrations() -> Iterator[None]:
    with registry.forgetting():
        yield


@dataclass
class Calls:
    """Which engines were called, in order."""

    names: list[str] = field(default_factory=list)

    def engine(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any) -> Any:
            self.names.append(name)
            return work(*args)

        return called


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


def store(engine: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO switch_probe VALUES (%s)", [engine])
    return engine


def served(request: HttpRequest) -> str:
    return str(request.rollout_served)  # type: ignore[attr-defined]


def fails(*_: Any) -> Any:
    raise ZeroDivisionError("somebody@example.org entered this")


# Who answers


def test_control_answers_whom_the_decision_leaves_there(make: Make, call: HttpRequest, calls: Calls) -> None:
    switch = make(lambda: 4, lambda: 3)

    with at_stage(FEATURE, "disabled"):
        answer = switch(call)

    assert (answer, calls.names) == ({"answer": 3}, ["v3"])
    assert served(call) == f"v3; feature={FEATURE}; reason=disabled"


def test_the_candidate_answers_whom_the_decision_sends_there(
    make: Make, call: HttpRequest, calls: Calls, candidate_serves: None
) -> None:
    answer = make(lambda: 4, lambda: 3)(call)

    assert (answer, calls.names) == ({"answer": 4}, ["v4"])
    assert served(call) == f"v4; feature={FEATURE}; reason=static"


def test_both_engines_get_the_same_arguments(make: Make, call: HttpRequest) -> None:
    switch = make(lambda a, b: [a, b], lambda a, b: [a, b])

    with at_stage(FEATURE, "disabled"):
        older = switch(call, 1, 2)
    with at_stage(FEATURE, "full"):
        newer = switch(call, 1, 2)

    assert older == newer == {"answer": [1, 2]}


def test_an_engine_knows_who_is_being_served(make: Make, call: HttpRequest, candidate_serves: None) -> None:
    answer = make(lambda: str(identity.current()), lambda: "")(call)

    assert answer == {"answer": f"d:{DEVICE}"}


def test_without_a_control_the_candidate_answers_alone(make: Make, call: HttpRequest, calls: Calls) -> None:
    switch = make(lambda: 4)

    with at_stage(FEATURE, "complete"):
        assert switch(call) == {"answer": 4}
    assert served(call).startswith("v4;")


def test_complete_never_calls_the_control_even_when_the_candidate_fails(
    make: Make, call: HttpRequest, calls: Calls
) -> None:
    switch = make(fails, lambda: 3)

    with at_stage(FEATURE, "complete"), pytest.raises(ZeroDivisionError):
        switch(call)
    assert calls.names == ["v4"]


def test_an_environment_that_forces_off_reaches_the_control_of_a_complete_feature_too(
    make: Make, call: HttpRequest, calls: Calls
) -> None:
    switch = make(lambda: 4, lambda: 3)
    complete = FlagState(id=1, name=FEATURE, cohort="tests", stage=Stage.COMPLETE, percentage=HUNDRED)
    forced = Snapshot([complete], version=1, secret="tests", forces=Forces(all_off=True))

    holder.replace(forced)
    answer = switch(call)

    assert (answer, calls.names) == ({"answer": 3}, ["v3"])
    assert served(call) == f"v3; feature={FEATURE}; reason=forced"


def test_an_operation_has_one_control_and_one_feature(make: Make, call: HttpRequest) -> None:
    control("tests.claimed")(lambda: 3)
    Switch(FEATURE, "tests.claimed", candidate=lambda: 4, present=str, writes=False)

    with pytest.raises(registry.AlreadyRegistered):
        control("tests.claimed")(fails)
    with pytest.raises(registry.AlreadyRegistered):
        Switch("another_feature", "tests.claimed", candidate=lambda: 4, present=str, writes=False)


def test_what_a_feature_gates_is_on_record() -> None:
    Toggle("toggled_feature")
    Switch("recorded_feature", "tests.recorded", candidate=lambda: 4, present=str, writes=False)

    assert registry.gated_by("toggled_feature") == {"toggle"}
    assert registry.gated_by("recorded_feature") == {"switch tests.recorded"}
    assert registry.gated_by("idle_feature") == frozenset()
    assert registry.operations()["tests.recorded"] == "recorded_feature"


# Reads


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

    assert make(sleep, _ask_the_database)(call) == {"answer": 3}
    assert served(call).endswith("reason=fallback")


def test_a_read_whose_connection_is_killed_is_answered_by_the_control_on_a_new_one(
    make: Make, call: HttpRequest, candidate_serves: None
) -> None:
    assert make(_kill_own_connection, _ask_the_database)(call) == {"answer": 3}
    assert served(call).endswith("reason=fallback")


@pytest.mark.parametrize("refusal", [InvalidInput, NotFound, Conflict])
def test_a_read_that_the_candidate_refuses_wrongly_is_answered_by_the_control(
    make: Make, call: HttpRequest, candidate_serves: None, refusal: type[JewgoError], caplog: pytest.LogCaptureFixture
) -> None:
    answer = make(_raises(refusal), lambda: 3)(call)

    assert answer == {"answer": 3}
    assert served(call).endswith("reason=fallback")
    assert _reported(caplog)["outcome"] == "wrong_refusal"


def test_a_refusal_that_both_engines_share_stands_and_is_no_failure(
    make: Make, call: HttpRequest, calls: Calls, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NotFound):
        make(_raises(NotFound), _raises(NotFound))(call)

    assert calls.names == ["v4", "v3"]
    assert served(call).startswith("v4;")
    assert not caplog.records


def test_where_the_engines_refuse_for_different_reasons_the_control_is_right(
    make: Make, call: HttpRequest, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidInput):
        make(_raises(NotFound), _raises(InvalidInput))(call)

    assert served(call).endswith("reason=fallback")
    assert _reported(caplog)["outcome"] == "wrong_refusal"


def test_a_refusal_stands_when_the_control_is_broken(make: Make, call: HttpRequest, candidate_serves: None) -> None:
    with pytest.raises(NotFound):
        make(_raises(NotFound), fails)(call)


@pytest.mark.parametrize("refusal", [Unauthenticated, Forbidden, TooManyRequests])
def test_a_refusal_of_the_caller_is_not_put_to_the_control(
    make: Make, call: HttpRequest, calls: Calls, candidate_serves: None, refusal: type[JewgoError]
) -> None:
    with pytest.raises(refusal):
        make(_raises(refusal), lambda: 3)(call)

    assert calls.names == ["v4"]


def test_when_both_engines_fail_the_control_says_how_and_the_candidate_is_reported(
    make: Make, call: HttpRequest, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(OperationalError):
        make(fails, _raises(OperationalError))(call)

    assert _reported(caplog)["recovered"] is False


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


# Writes


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
        _kill_own_connection()

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
    assert _reported(caplog)["outcome"] == "hook"


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
    assert _reported(caplog)["outcome"] == "outcome_unknown"
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


# What is said about a failure


def test_a_failure_is_reported_without_anything_personal(
    make: Make, call: HttpRequest, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    make(fails, lambda query: 3)(call, "somebody@example.org")

    told = _reported(caplog)
    assert told["place"] == "ZeroDivisionError in tests.rollout.test_switch:fails"
    assert len(told["fingerprint"]) == 12
    assert (told["feature"], told["recovered"]) == (FEATURE, True)
    assert "example.org" not in repr(told) + caplog.text
    assert DEVICE not in repr(told) + caplog.text


# Drills


def drill(fault: str, **about: Any) -> DrillState:
    return DrillState(fault, timezone.now() + timedelta(minutes=1), **about)


def test_a_drilled_read_is_answered_by_the_control(make: Make, call: HttpRequest) -> None:
    switch = make(lambda: 4, lambda: 3)

    for fault in ("error", "wrong"):
        with at_stage(FEATURE, "full", drills=[drill(fault)]):
            assert switch(call) == {"answer": 3}
        assert served(call).endswith("reason=fallback")


def test_a_drilled_write_leaves_exactly_one_row(make: Make, call: HttpRequest, rows: Rows) -> None:
    switch = make(lambda: store("v4"), lambda: store("v3"), writes=True)

    with at_stage(FEATURE, "full", drills=[drill("error")]):
        switch(call)

    assert rows() == ["v3"]


def test_a_drill_never_meets_a_feature_without_a_fallback(make: Make, call: HttpRequest) -> None:
    switch = make(lambda: 4, lambda: 3)

    with at_stage(FEATURE, "complete", drills=[drill("error")]):
        assert switch(call) == {"answer": 4}


def test_a_drill_limited_to_a_text_spares_other_queries_and_answers(make: Make, call: HttpRequest) -> None:
    switch = make(lambda query: query, lambda query: "v3")

    with at_stage(FEATURE, "full", drills=[drill("error", match="כשר")]):
        assert switch(call, "כשר למהדרין") == {"answer": "v3"}
        assert switch(call, "pizza") == {"answer": "pizza"}


# Toggles


@pytest.mark.parametrize(("stage", "is_on"), [("disabled", False), ("full", True)])
def test_a_toggle_is_on_for_the_caller_of_the_request(call: HttpRequest, stage: str, is_on: bool) -> None:
    toggle = Toggle("toggled_feature")

    with at_stage("toggled_feature", stage):
        assert toggle.is_on(call) is is_on


def test_a_toggle_without_a_request_is_for_whoever_is_being_served() -> None:
    toggle = Toggle("toggled_feature")
    chosen = identity.Identity("u:7", "user")

    with at_stage("toggled_feature", "testing", testers=["u:7"]), identity.bind(chosen):
        assert toggle.is_on()


def test_a_toggle_outside_of_any_request_is_on_only_for_everybody() -> None:
    toggle = Toggle("toggled_feature")

    with at_stage("toggled_feature", "partial", percentage=99):
        assert not toggle.is_on()
    with at_stage("toggled_feature", "full"):
        assert toggle.is_on()


def _raises(error: type[Exception]) -> Callable[..., Any]:
    def raising(*_: Any) -> Any:
        raise error("it says so")

    return raising


def _kill_own_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def _ask_the_database() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 3")
        ((three,),) = cursor.fetchall()
    return int(three)


def _reported(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (record,) = [record for record in caplog.records if record.name == "rollout.failures"]
    assert record.levelno == logging.ERROR
    fields: dict[str, Any] = record.__dict__["fields"]
    return fields
