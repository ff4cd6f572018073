"""The rollouts that the truth table is for: people with random slots, judged by the real code."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from random import Random

import pytest

from rollout.eligibility import Arm
from rollout.evidence import AttemptEvidence, FirstFailure, Metric
from rollout.processes import epoch_at, schedule
from rollout.proof import Proof
from rollout.situation import ArmHealth, Evidence, Limits, Window
from rollout.step_limits import Cell, excess
from rollout.verdict import Reason, Rollback, Verdict, judge
from tests.rollout.judged_situations import (
    FAILING,
    FULL,
    HOUR,
    LIMITS,
    MINUTE,
    PASSED,
    START,
)


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
