"""What a verdict says, number by number, also in the worked example of the documentation."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rollout.eligibility import Arm
from rollout.evidence import AttemptEvidence, FirstFailure, Metric
from rollout.processes import schedule
from rollout.sample_ratio import SampleRatio
from rollout.situation import Evidence, Window
from rollout.verdict import judge
from tests.rollout.judged_situations import (
    EXCEEDED,
    FAILING,
    FINE,
    HOUR,
    LIMITS,
    PASSED,
    PROOF,
    PROVEN,
    REGRESSED,
    SATURATED,
    SLOW,
    START,
    UNPROVEN,
)

STOOD = "the step has stood 24 h; 9000 calls on v4, 9000 on v3, 100 asked"
MEASURED = "152 slow people against a ratio of 2: M ="
WAITS = f"proof ({MEASURED} 19.9 of 20, in about 5 h at present traffic)"
FULL_UP = f"proof ({MEASURED} 19.9 of 20, and no more may be counted in this step)"
LOST = "3 failing people whom a worker had no room to note"
DOUBT = "60 of 300 people fail, E = 225 of 200, with v3 over the limit too"
SENTENCES = [
    (
        replace(PASSED, control=FAILING, candidate=FAILING),
        PROVEN,
        "Both engines fail: v4 15.0 % of 400 calls, v3 15.0 % of 400 calls in 5 min, limit 5 %.",
    ),
    (replace(PASSED, open_breakers=3), PROVEN, "Breakers are open on 3 of 4 workers."),
    (
        replace(PASSED, age=timedelta(seconds=75)),
        PROVEN,
        "The newest sample is 75 s old; nothing is decided on one older than 10 s.",
    ),
    (
        PASSED,
        Evidence(regression=REGRESSED),
        "v4 is worse than v3: 7 of 8 failing people are on v4 (restaurants.search), E = 250 of 100.",
    ),
    (PASSED, Evidence(excesses=(EXCEEDED,)), "v4 is over the step's limit: 60 of 300 people fail, E = 225 of 200."),
    (replace(PASSED, candidate=SLOW), PROVEN, "v4 is slow at present: p95 v4 1400 ms, v3 120 ms, limit 1000 ms."),
    (
        PASSED,
        Evidence(sample_ratio=SampleRatio(1234.5, 900, 1100)),
        "The arms do not divide by the share: 900 people on v4, 1100 on v3, M = 1234 of 1000.",
    ),
    (
        PASSED,
        Evidence(sample_ratio=SampleRatio(misplaced=("u:7", "k:1"))),
        "Recorded on the wrong arm for their slot: u:7, k:1.",
    ),
    (PASSED, PROVEN, f"Nothing speaks against going on: {STOOD}; {MEASURED} 31 of 20."),
    (
        PASSED,
        Evidence(proofs=(SATURATED,)),
        f"No more can be proven in this step: {MEASURED} 19.9 of 20. A person decides.",
    ),
    (
        replace(PASSED, in_step=21 * HOUR, candidate=replace(FINE, calls_in_step=40)),
        Evidence(proofs=(UNPROVEN,)),
        f"Not enough evidence; missing: 3 h of the dwell; calls (40 calls on v4, 9000 on v3, 100 asked); {WAITS}.",
    ),
    (
        PASSED,
        Evidence(proofs=(replace(UNPROVEN, expected=None),)),
        f"Not enough evidence; missing: proof ({MEASURED} 19.9 of 20, not in sight at present traffic).",
    ),
    (
        replace(PASSED, in_step=HOUR, lost_failures=3),
        Evidence(proofs=(SATURATED,)),
        f"Not enough evidence; missing: 23 h of the dwell; {FULL_UP}; {LOST}.",
    ),
    (
        replace(PASSED, control=FAILING),
        replace(PROVEN, excesses=(EXCEEDED,)),
        f"Not enough evidence; missing: an end of the doubt ({DOUBT}).",
    ),
    (PASSED, Evidence(), "Not enough evidence; missing: proof (none has begun)."),
]


@pytest.mark.parametrize(("window", "evidence", "said"), SENTENCES)
def test_a_verdict_says_its_numbers(window: Window, evidence: Evidence, said: str) -> None:
    assert judge(window, evidence, LIMITS).sentence == said


def test_the_worked_example_of_the_documentation() -> None:
    begun = schedule(START, [], START)
    evidence = AttemptEvidence(["restaurants.search", "restaurants.detail"])
    arms = [Arm.CONTROL, *[Arm.CANDIDATE] * 5]
    values, sentences = [], []

    for number, arm in enumerate(arms):
        evidence.observe(FirstFailure(f"u:{number}", arm, 0.1, START, Metric.FAILURES, "restaurants.search", epoch=0))
        regression = evidence.regression(begun)
        values.append(round(regression.value * 8, 1))
        sentences.append(judge(PASSED, Evidence(regression, proofs=(PROOF,)), LIMITS).sentence)

    assert values == [0.7, 1.7, 5.9, 27.1, 143.9, 833.3]
    assert sentences[-1] in (Path(__file__).parents[2] / "docs" / "judgement.md").read_text().replace("\n", " ")
    assert [one.operation for one in regression.culprits] == [None]
    assert [one.operation for one in regression.suspects] == [None, "restaurants.search"]
    assert "v4 is worse" not in sentences[-2]
