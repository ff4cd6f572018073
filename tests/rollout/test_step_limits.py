"""The proof that v4 keeps a limit of the step: fair, mirrored, and soon there when hardly anybody fails."""

from datetime import timedelta
from math import comb

import pytest

from rollout.evidence import Metric
from rollout.situation import ArmHealth, Case, Evidence, Limits, Window
from rollout.stages import HUNDRED, PlanStep, Stage
from rollout.step_limits import Kept, kept
from rollout.verdict import Advance, Hold, judge

LIMITS = (0.01, 0.05)


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("people", [1, 7, 40])
def test_a_v4_at_the_limit_gains_nothing_on_average(limit: float, people: int) -> None:
    mean = sum(
        comb(people, failing)
        * limit**failing
        * (1 - limit) ** (people - failing)
        * kept(Metric.FAILURES, limit, people, failing).mixture
        for failing in range(people + 1)
    )

    assert mean == pytest.approx(1)


@pytest.mark.parametrize(("limit", "fewest"), [(0.05, 76), (0.01, 387)])
def test_so_many_people_without_a_failure_prove_it(limit: float, fewest: int) -> None:
    found = [people for people in range(1000) if kept(Metric.FAILURES, limit, people, 0).is_proven]

    assert found[0] == fewest


def test_each_person_who_fails_takes_from_it() -> None:
    mixtures = [kept(Metric.SLOW, 0.05, 400, failing).mixture for failing in range(40)]

    assert mixtures == sorted(mixtures, reverse=True)
    assert mixtures[0] > 20 > mixtures[20]


def test_it_says_how_long_it_takes_at_present_traffic() -> None:
    assert kept(Metric.FAILURES, 0.05, 0, 0, people_per_hour=76).expected == pytest.approx(
        timedelta(hours=1), abs=timedelta(minutes=2)
    )
    assert kept(Metric.FAILURES, 0.05, 100, 5, people_per_hour=72).expected is None


FINE = ArmHealth(calls=400, failures=0, p95_ms=20, calls_in_step=9000)
WINDOW = Window(FINE, FINE, in_step=timedelta(days=2))


def verdict(*proven: Kept, step: PlanStep = PlanStep(Stage.PARTIAL, HUNDRED / 10)) -> tuple[type, str]:  # noqa: B008
    found = judge(WINDOW, Evidence(kept=proven), Limits(step))
    return type(found), found.sentence


def test_where_v3_gives_nothing_to_compare_with_keeping_both_limits_is_what_a_step_waits_for() -> None:
    failures, slow = kept(Metric.FAILURES, 0.05, 300, 0), kept(Metric.SLOW, 0.05, 300, 2)

    assert verdict(failures, slow)[0] is Advance
    kind, sentence = verdict(failures, kept(Metric.SLOW, 0.05, 60, 0, people_per_hour=60))

    assert kind is Hold
    assert "proof (0 of 60 people are slow, 5 % may: M = " in sentence
    assert "at present traffic" in sentence


def test_full_waits_for_no_proof() -> None:
    step = PlanStep(Stage.FULL, HUNDRED, automatic=False)

    assert not Case(WINDOW, Evidence(kept=(kept(Metric.SLOW, 0.05, 3, 0),)), Limits(step)).unproven
