"""Who answers: the engine that the decision names, and what is on record of it."""

import pytest
from django.http import HttpRequest

from rollout import identity, registry
from rollout.eligibility import FlagState
from rollout.forces import Forces
from rollout.snapshot import Snapshot, holder
from rollout.stages import HUNDRED, Stage
from rollout.switch import Switch, Toggle, control
from rollout.testing import at_stage
from tests.rollout.switch.world import DEVICE, FEATURE, Calls, Make, fails, served

pytestmark = pytest.mark.usefixtures("autocommit", "own_registrations")


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
