"""Drills, and what is said about a failure."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.utils import timezone

from rollout.eligibility import DrillState
from rollout.testing import at_stage
from tests.rollout.switch.world import (
    DEVICE,
    FEATURE,
    Make,
    Rows,
    fails,
    reported,
    served,
    store,
)

pytestmark = pytest.mark.usefixtures("autocommit", "own_registrations")


def test_a_failure_is_reported_without_anything_personal(
    make: Make, call: HttpRequest, candidate_serves: None, caplog: pytest.LogCaptureFixture
) -> None:
    make(fails, lambda query: 3)(call, "somebody@example.org")

    told = reported(caplog)
    assert told["place"] == "ZeroDivisionError in tests.rollout.switch.world:fails"
    assert len(told["fingerprint"]) == 12
    assert (told["feature"], told["recovered"]) == (FEATURE, True)
    assert "example.org" not in repr(told) + caplog.text
    assert DEVICE not in repr(told) + caplog.text


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
