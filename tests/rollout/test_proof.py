"""The proof that v4 does not fail many more people than v3."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout.evidence import Metric
from rollout.proof import Proof, ratio_of
from tests.rollout.crowds import (
    HOUR,
    V3,
    V4,
    crowd,
    failure,
)

# The proof


def test_a_proof_stops_at_a_twentieth_of_the_people_of_control_and_goes_on_when_there_are_more() -> None:
    proof = Proof(Metric.SLOW, 5.0)
    for one in crowd(V3, 100, 0.1):
        proof.observe(failure(one.identity, V3, 0.1, metric=Metric.SLOW))

    standings = [proof.standing(people) for people in (0, 19, 20, 400, 1999, 2000, 10_000)]

    assert [standing.control for standing in standings] == [0, 0, 1, 20, 99, 100, 100]
    assert [standing.is_saturated for standing in standings] == [True] * 5 + [False] * 2
    assert [standing.mixture for standing in standings] == sorted(standing.mixture for standing in standings)
    assert standings[-1].is_proven


@pytest.mark.parametrize("metric", Metric)
def test_a_comparison_is_asked_where_twenty_of_controls_people_failed_in_the_step(metric: Metric) -> None:
    proof = Proof(metric, 5.0)
    asked = []

    for people in (crowd(V4, 500, 0.1), crowd(V3, 19, 0.1), crowd(V3, 20, 0.1)):
        for one in people:
            proof.observe(replace(one, metric=metric))
        asked.append(proof.standing(1000).is_asked)

    assert asked == [False, False, True]


def test_a_proof_counts_a_person_once_and_only_its_own_metric() -> None:
    proof = Proof(Metric.SLOW, 2.0)

    for metric, epoch in ((Metric.SLOW, 0), (Metric.SLOW, 60), (Metric.FAILURES, 60)):
        proof.observe(failure("u:1", V4, 0.1, metric=metric, epoch=epoch))
        proof.observe(failure("u:2", V4, 1.0, metric=metric, epoch=epoch))

    standing = proof.standing(1000)
    assert (standing.candidate, standing.control) == (1, 0)


def test_the_wider_the_step_the_finer_the_question() -> None:
    assert [ratio_of(step) for step in range(6)] == [5.0, 2.0, 1.5, 1.5, 1.5, 1.5]


def test_the_expected_time_is_when_the_mean_path_gets_there() -> None:
    proof = Proof(Metric.SLOW, 2.0)
    proof.observe(failure("u:0", V3, 0.1, metric=Metric.SLOW))
    expected = proof.standing(10**6, per_hour=(1, 9)).expected
    assert expected is not None
    hours = expected / HOUR

    for n in range(round(hours)):
        for arm in [V4, *[V3] * 9]:
            proof.observe(failure(f"{n}:{arm}:{len(proof._people)}", arm, 0.1, metric=Metric.SLOW))

    assert 10 < hours < 40
    assert proof.standing(10**6).mixture == pytest.approx(20, rel=0.15)


def test_the_expected_time_is_none_where_it_is_out_of_sight_and_zero_where_it_is_reached() -> None:
    proof = Proof(Metric.SLOW, 2.0)
    unknown = proof.standing(1000, per_hour=(1, 9)).expected
    proof.observe(failure("u:0", V3, 0.1, metric=Metric.SLOW))

    nobody_fails = proof.standing(1000).expected
    v4_is_worse = proof.standing(1000, per_hour=(9, 9)).expected
    for n in range(400):
        proof.observe(failure(f"u:{n}", V3, 0.1, metric=Metric.SLOW))

    assert (unknown, nobody_fails, v4_is_worse) == (None, None, None)
    assert proof.standing(10**6).expected == timedelta(0)
