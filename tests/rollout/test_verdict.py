"""The verdict: the truth table row by row, which row comes first, and the rollouts that the table is for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from rollout.eligibility import Arm
from rollout.evidence import AttemptEvidence, Finding, FirstFailure, Metric, Regression
from rollout.processes import Process, epoch_at, schedule
from rollout.proof import Proof, Standing
from rollout.sample_ratio import SampleRatio
from rollout.situation import ArmHealth, Evidence, Limits, Window
from rollout.stages import PlanStep, Stage
from rollout.step_limits import Cell, Excess, excess
from rollout.verdict import RULES, Advance, Hold, Ready, Reason, Rollback, Verdict, judge

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

STEP = PlanStep(Stage.PARTIAL, Decimal(10), max_error_percent=Decimal(5), p95_ms=1000)
FULL = PlanStep(Stage.FULL, Decimal(100), max_error_percent=Decimal(1), p95_ms=500, automatic=False)
LIMITS = Limits(STEP)

FINE = ArmHealth(calls=400, failures=1, p95_ms=120, calls_in_step=9000)
FAILING = replace(FINE, failures=60)
SLOW = replace(FINE, p95_ms=1400)
AT_THE_LIMIT = ArmHealth(calls=400, failures=20, p95_ms=1000, calls_in_step=100)
PASSED = Window(FINE, FINE, in_step=24 * HOUR, workers=4)

PROCESS = Process(0, START, 0.5, 1.25)
CULPRIT = Finding(Metric.FAILURES, "restaurants.search", PROCESS, 1 / 16, 4000.0, 7, 1)
REGRESSED = Regression(CULPRIT, (CULPRIT,), (CULPRIT,))
NEARLY = replace(CULPRIT, mixture=1599.0)
EXCEEDED = Excess(Metric.FAILURES, PROCESS, 900.0, 300, 60)
TOO_SLOW = replace(EXCEEDED, metric=Metric.SLOW)
SHARED = replace(EXCEEDED, control_failing=500, as_control=59.0, allowed=15.0)
PROOF = Standing(Metric.SLOW, 2.0, 31.0, 12, 140, is_saturated=False, control_people=140)
UNPROVEN = replace(PROOF, mixture=19.9, expected=5 * HOUR)
SATURATED = replace(UNPROVEN, is_saturated=True)
OUTAGE = replace(PROOF, metric=Metric.FAILURES, is_saturated=True)
PROVEN = Evidence(proofs=(PROOF,))

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


# What each row of the table needs; put together from the last to the first, the first that holds always decides.
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


# The rollouts that the table is for: people with random slots, judged every minute by the real code


class Rollout:
    """One attempt at a fixed share, in which `rate(arm, minute)` people of the arm's size fail in a minute."""

    def __init__(self, seed: int, share: float, people: int = 4000) -> None:
        self.random, self.share = Random(seed), share
        slots = [self.random.random() for _ in range(people)]
        self.people = [(f"u:{n}", Arm.CANDIDATE if slot < share else Arm.CONTROL) for n, slot in enumerate(slots)]
        self.evidence = AttemptEvidence(["restaurants.search"])
        self.proofs = [Proof(metric, 2.0) for metric in Metric]
        self.highest = 0.0

    def run(self, minutes: range, *, v3: float, v4: float) -> "Rollout":
        """Go through minutes in which so many calls of anybody would fail on each arm; look every 10 minutes."""
        begun = schedule(START, [], START + minutes.stop * MINUTE)
        for minute in minutes:
            now = START + minute * MINUTE
            for identity, arm in self._callers(max(v3, v4)):
                if self.random.random() * max(v3, v4) < (v4 if arm is Arm.CANDIDATE else v3):
                    self._fail(identity, arm, now, epoch_at(begun, now))
            if minute % 10 == 9 or minute == minutes.stop - 1:
                so_far = [process for process in begun if process.starts_at <= now]
                self.highest = max(self.highest, self.evidence.regression(so_far).value)
        return self

    def verdict(self, window: Window = PASSED) -> Verdict:
        """Judge by all that has happened."""
        begun = schedule(START, [], START + 200 * HOUR)
        on_control = sum(arm is Arm.CONTROL for _, arm in self.people)
        proofs = tuple(proof.standing(on_control) for proof in self.proofs)
        return judge(window, Evidence(self.evidence.regression(begun), proofs=proofs), LIMITS)

    def _callers(self, rate: float) -> Iterator[tuple[str, Arm]]:
        whole = int(rate)
        for _ in range(whole + (self.random.random() < rate - whole)):
            yield self.random.choice(self.people)

    def _fail(self, identity: str, arm: Arm, at: datetime, epoch: int) -> None:
        row = FirstFailure(identity, arm, self.share, at, Metric.FAILURES, "restaurants.search", epoch)
        self.evidence.observe(row)
        for proof in self.proofs:
            proof.observe(row)


SEEDS = range(4)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_incident_of_v3_only_does_not_roll_v4_back(seed: int) -> None:
    rollout = Rollout(seed, 0.1).run(range(60), v3=0.2, v4=0.2)

    rollout.run(range(60, 150), v3=20, v4=0.2).run(range(150, 36 * 60), v3=0.3, v4=0.3)

    assert rollout.highest < 100
    assert not isinstance(rollout.verdict(), Rollback)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_v4_that_was_better_for_days_and_then_is_equal_is_not_rolled_back(seed: int) -> None:
    rollout = Rollout(seed, 0.25, people=20_000).run(range(48 * 60), v3=0.3, v4=0.03)

    rollout.run(range(48 * 60, 66 * 60), v3=0.3, v4=0.3)

    assert rollout.highest < 100
    assert not isinstance(rollout.verdict(), Rollback)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_common_outage_neither_rolls_v4_back_nor_proves_it(seed: int) -> None:
    rollout = Rollout(seed, 0.1).run(range(60), v3=0.2, v4=0.2)

    rollout.run(range(60, 120), v3=100, v4=100)

    on_control = sum(arm is Arm.CONTROL for _, arm in rollout.people)
    assert rollout.highest < 100
    assert [proof.standing(on_control).is_proven for proof in rollout.proofs] == [False, False]
    assert rollout.verdict(replace(PASSED, control=FAILING, candidate=FAILING)).reason is Reason.SHARED_FAULT
    assert rollout.verdict(PASSED).reason is Reason.SATURATED  # once it is over, a person decides


@pytest.mark.parametrize("seed", SEEDS)
def test_a_v4_that_fails_a_fifth_of_the_people_is_found_within_minutes(seed: int) -> None:
    rollout = Rollout(seed, 0.1).run(range(60), v3=0.2, v4=0.2)

    rollout.run(range(60, 65), v3=0.6, v4=60)

    assert rollout.highest >= 100
    assert rollout.verdict().reason is Reason.REGRESSED


@pytest.mark.parametrize("seed", SEEDS)
def test_at_full_a_v4_that_fails_a_fifth_is_over_the_limit_at_the_first_look(seed: int) -> None:
    random, begun = Random(seed), schedule(START, [START + HOUR * n for n in range(1, 6)], START + 10 * HOUR)
    failing = sum(random.random() < 0.2 for _ in range(300))
    health = ArmHealth(calls=300, failures=failing, p95_ms=100, calls_in_step=300)

    found = excess(Metric.FAILURES, [Cell(begun[-1].epoch, 0.01, 300, failing)], begun)

    assert found is not None
    window = Window(ArmHealth(), health, in_step=MINUTE)
    assert judge(window, Evidence(excesses=(found,)), Limits(FULL, has_control=False)).reason is Reason.SLO
