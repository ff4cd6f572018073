"""The verdict: the truth table row by row, and which row comes first."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from rollout.evidence import Metric, Regression
from rollout.sample_ratio import SampleRatio
from rollout.situation import ArmHealth, Evidence, Limits, Window
from rollout.stages import Stage
from rollout.verdict import RULES, Advance, Hold, Ready, Reason, Rollback, Verdict, judge
from tests.rollout.judged_situations import (
    AT_THE_LIMIT,
    CULPRIT,
    EXCEEDED,
    FAILING,
    FINE,
    FULL,
    HOUR,
    LIMITS,
    NEARLY,
    OUTAGE,
    PASSED,
    PROOF,
    PROVEN,
    REGRESSED,
    SATURATED,
    SHARED,
    SLOW,
    STEP,
    TOO_SLOW,
    UNPROVEN,
)

ROWS: list[tuple[str, Window, Evidence, Limits, type[Verdict], Reason]] = [
    # no data, stale data, or the evaluator's first look
    ("a first look", replace(PASSED, is_first_look=True), PROVEN, LIMITS, Hold, Reason.FIRST_LOOK),
    ("no sample ever", replace(PASSED, age=None), PROVEN, LIMITS, Hold, Reason.NO_DATA),
    ("nobody on v4", replace(PASSED, candidate=ArmHealth()), PROVEN, LIMITS, Hold, Reason.NO_DATA),
    ("old data", replace(PASSED, age=timedelta(seconds=10.1)), PROVEN, LIMITS, Hold, Reason.STALE_DATA),
    ("data just young enough", replace(PASSED, age=timedelta(seconds=10)), PROVEN, LIMITS, Advance, Reason.PROVEN),
    # both arms failing: no reason to go back, unless v4 fails more people than the slots can explain
    (
        "both fail, v4 more",
        replace(PASSED, control=FAILING, candidate=FAILING),
        replace(PROVEN, regression=REGRESSED),
        LIMITS,
        Rollback,
        Reason.REGRESSED,
    ),
    ("both fail", replace(PASSED, control=FAILING, candidate=FAILING), PROVEN, LIMITS, Hold, Reason.SHARED_FAULT),
    ("database away", replace(PASSED, probes_down=("database",)), PROVEN, LIMITS, Hold, Reason.SHARED_FAULT),
    ("v3 alone fails", replace(PASSED, control=FAILING), PROVEN, LIMITS, Advance, Reason.PROVEN),
    # workers that have stopped asking v4
    ("half of the breakers", replace(PASSED, open_breakers=2), PROVEN, LIMITS, Rollback, Reason.HARD_FAULT),
    ("fewer breakers", replace(PASSED, open_breakers=1), PROVEN, LIMITS, Advance, Reason.PROVEN),
    ("no worker at all", replace(PASSED, workers=0), PROVEN, LIMITS, Advance, Reason.PROVEN),
    # the evidence
    ("E over 100", PASSED, replace(PROVEN, regression=REGRESSED), LIMITS, Rollback, Reason.REGRESSED),
    ("E under 100", PASSED, replace(PROVEN, regression=Regression(NEARLY)), LIMITS, Advance, Reason.PROVEN),
    # the step's limits
    ("over the limit", PASSED, replace(PROVEN, excesses=(EXCEEDED,)), LIMITS, Rollback, Reason.SLO),
    ("too slow", PASSED, replace(PROVEN, excesses=(TOO_SLOW,)), LIMITS, Rollback, Reason.SLO),
    (
        "the excess not proven",
        PASSED,
        replace(PROVEN, excesses=(replace(EXCEEDED, mixture=799.0),)),
        LIMITS,
        Advance,
        Reason.PROVEN,
    ),
    (
        "over the limit, as v3 is",
        replace(PASSED, control=FAILING),
        replace(PROVEN, excesses=(EXCEEDED,)),
        LIMITS,
        Hold,
        Reason.NOT_ENOUGH_EVIDENCE,
    ),
    (
        "over the limit in an outage that has just begun, or is just over",
        PASSED,
        replace(PROVEN, excesses=(SHARED,)),
        LIMITS,
        Hold,
        Reason.NOT_ENOUGH_EVIDENCE,
    ),
    (
        "too slow, as v3 is",
        replace(PASSED, control=SLOW),
        replace(PROVEN, excesses=(TOO_SLOW,)),
        LIMITS,
        Hold,
        Reason.NOT_ENOUGH_EVIDENCE,
    ),
    (
        "over the limit while v3 is only slow",
        replace(PASSED, control=SLOW),
        replace(PROVEN, excesses=(TOO_SLOW, EXCEEDED)),
        LIMITS,
        Rollback,
        Reason.SLO,
    ),
    # the last five minutes
    ("v4 fails now", replace(PASSED, candidate=FAILING), PROVEN, LIMITS, Hold, Reason.HIGH_ERROR_RATE),
    ("v4 is slow now", replace(PASSED, candidate=SLOW), PROVEN, LIMITS, Hold, Reason.SLOW_REQUEST),
    ("both are slow now", replace(PASSED, control=SLOW, candidate=SLOW), PROVEN, LIMITS, Hold, Reason.SLOW_REQUEST),
    ("exactly at the limits", replace(PASSED, candidate=AT_THE_LIMIT), PROVEN, LIMITS, Advance, Reason.PROVEN),
    # parity
    ("answers differ", replace(PASSED, critical_mismatches=1), PROVEN, LIMITS, Hold, Reason.PARITY),
    (
        "as many differ as may",
        replace(PASSED, critical_mismatches=1),
        PROVEN,
        replace(LIMITS, critical_mismatches=1),
        Advance,
        Reason.PROVEN,
    ),
    # the sample ratio
    (
        "arms that do not divide by the share",
        PASSED,
        replace(PROVEN, sample_ratio=SampleRatio(1000.0, 900, 1100)),
        LIMITS,
        Hold,
        Reason.SAMPLE_RATIO,
    ),
    (
        "one on the wrong arm",
        PASSED,
        replace(PROVEN, sample_ratio=SampleRatio(misplaced=("u:7",))),
        LIMITS,
        Hold,
        Reason.SAMPLE_RATIO,
    ),
    # proven, dwell over, enough calls
    ("all is well", PASSED, PROVEN, LIMITS, Advance, Reason.PROVEN),
    ("by hand", PASSED, PROVEN, Limits(replace(STEP, automatic=False)), Ready, Reason.PROVEN),
    ("paused", PASSED, PROVEN, replace(LIMITS, is_paused=True), Ready, Reason.PROVEN),
    ("saturated", PASSED, Evidence(proofs=(SATURATED,)), LIMITS, Ready, Reason.SATURATED),
    ("an outage", PASSED, Evidence(proofs=(PROOF, OUTAGE)), LIMITS, Ready, Reason.SATURATED),
    ("a slow day", PASSED, Evidence(proofs=(replace(PROOF, is_saturated=True),)), LIMITS, Advance, Reason.PROVEN),
    (
        "v3 never failed",
        PASSED,
        Evidence(proofs=(PROOF, replace(UNPROVEN, metric=Metric.FAILURES, control_people=19))),
        LIMITS,
        Advance,
        Reason.PROVEN,
    ),
    ("FULL asks for no proof", PASSED, Evidence(proofs=(UNPROVEN,)), Limits(FULL), Ready, Reason.PROVEN),
    (
        "FULL with nobody on v3",
        replace(PASSED, control=ArmHealth(), lost_failures=3),
        Evidence(),
        Limits(FULL, has_control=False),
        Ready,
        Reason.PROVEN,
    ),
    # otherwise
    ("unproven", PASSED, Evidence(proofs=(UNPROVEN,)), LIMITS, Hold, Reason.NOT_ENOUGH_EVIDENCE),
    (
        "one of two unproven",
        PASSED,
        Evidence(proofs=(PROOF, replace(UNPROVEN, metric=Metric.FAILURES))),
        LIMITS,
        Hold,
        Reason.NOT_ENOUGH_EVIDENCE,
    ),
    (
        "one unproven, one saturated",
        PASSED,
        Evidence(proofs=(UNPROVEN, replace(SATURATED, metric=Metric.FAILURES))),
        LIMITS,
        Hold,
        Reason.NOT_ENOUGH_EVIDENCE,
    ),
    ("no proof begun", PASSED, Evidence(), LIMITS, Hold, Reason.NOT_ENOUGH_EVIDENCE),
    ("too early", replace(PASSED, in_step=23 * HOUR), PROVEN, LIMITS, Hold, Reason.NOT_ENOUGH_EVIDENCE),
    (
        "too few calls on v4",
        replace(PASSED, candidate=replace(FINE, calls_in_step=99)),
        PROVEN,
        LIMITS,
        Hold,
        Reason.NOT_ENOUGH_EVIDENCE,
    ),
    (
        "too few calls on v3",
        replace(PASSED, control=replace(FINE, calls_in_step=99)),
        PROVEN,
        LIMITS,
        Hold,
        Reason.NOT_ENOUGH_EVIDENCE,
    ),
    ("failures lost", replace(PASSED, lost_failures=1), PROVEN, LIMITS, Hold, Reason.NOT_ENOUGH_EVIDENCE),
    (
        "saturated too early",
        replace(PASSED, in_step=HOUR),
        Evidence(proofs=(SATURATED,)),
        LIMITS,
        Hold,
        Reason.NOT_ENOUGH_EVIDENCE,
    ),
]


@pytest.mark.parametrize(
    ("window", "evidence", "limits", "kind", "reason"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_the_truth_table(
    window: Window, evidence: Evidence, limits: Limits, kind: type[Verdict], reason: Reason
) -> None:
    verdict = judge(window, evidence, limits)

    assert (type(verdict), verdict.reason) == (kind, reason), verdict.sentence
    assert verdict.sentence.endswith(".")


def test_every_reason_has_a_row() -> None:
    assert {row[-1] for row in ROWS} == set(Reason) - {Reason.TESTERS_ONLY}


TESTING = replace(LIMITS, step=replace(STEP, stage=Stage.TESTING, percentage=Decimal(0), automatic=False))


def test_testers_prove_nothing_and_a_failing_v4_is_held_all_the_same() -> None:
    assert judge(PASSED, Evidence(), TESTING).reason is Reason.TESTERS_ONLY
    assert judge(replace(PASSED, candidate=FAILING), Evidence(), TESTING).reason is Reason.HIGH_ERROR_RATE


LAYERS: list[tuple[Reason, dict[str, object], dict[str, object]]] = [
    (Reason.PROVEN, {}, {}),
    (Reason.SAMPLE_RATIO, {}, {"sample_ratio": SampleRatio(5000.0, 900, 1100)}),
    (Reason.PARITY, {"critical_mismatches": 2}, {}),
    (Reason.SLOW_REQUEST, {"candidate": SLOW}, {}),
    (Reason.HIGH_ERROR_RATE, {"candidate": replace(FAILING, p95_ms=1400)}, {}),
    (Reason.SLO, {}, {"excesses": (EXCEEDED,)}),
    (Reason.HARD_FAULT, {"open_breakers": 3}, {}),
    (Reason.SHARED_FAULT, {"probes_down": ("cache",)}, {}),
    (Reason.REGRESSED, {}, {"regression": REGRESSED}),
    (Reason.STALE_DATA, {"age": timedelta(minutes=1)}, {}),
    (Reason.NO_DATA, {"age": None}, {}),
    (Reason.FIRST_LOOK, {"is_first_look": True}, {}),
]


@pytest.mark.parametrize("depth", range(1, len(LAYERS) + 1), ids=[layer[0] for layer in LAYERS])
def test_the_first_row_that_fits_decides(depth: int) -> None:
    window, evidence = PASSED, PROVEN
    for _, seen, proven in LAYERS[:depth]:
        window, evidence = replace(window, **seen), replace(evidence, **proven)  # type: ignore[arg-type]

    assert judge(window, evidence, LIMITS).reason is LAYERS[depth - 1][0]


def test_the_order_is_that_of_the_reasons_and_no_rule_is_left_out() -> None:
    found = [reason for reason, *_ in LAYERS]

    order = [reason for reason in Reason if reason is not Reason.TESTERS_ONLY]
    assert [*reversed(order[: order.index(Reason.PROVEN) + 1])] == found
    assert len(RULES) == len(found) + 1 - len({Reason.NO_DATA, Reason.STALE_DATA, Reason.SLOW_REQUEST})


def test_alerts_are_raised_with_their_rows_and_both_of_a_slow_and_failing_v4() -> None:
    both = replace(PASSED, candidate=replace(FAILING, p95_ms=1400))

    assert judge(both, PROVEN, LIMITS).alerts == (Reason.HIGH_ERROR_RATE, Reason.SLOW_REQUEST)
    assert judge(replace(PASSED, open_breakers=4), PROVEN, LIMITS).alerts == (Reason.HARD_FAULT,)
    assert judge(PASSED, PROVEN, LIMITS).alerts == ()


def test_a_rollback_names_its_culprits() -> None:
    verdict = judge(PASSED, Evidence(regression=REGRESSED), LIMITS)

    assert isinstance(verdict, Rollback)
    assert verdict.culprits == (CULPRIT,)
