"""The evidence: exact on the committed vectors, equal to its definition in fractions, and fair."""

import math
from collections.abc import Iterable
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout import processes
from rollout.eligibility import Arm
from rollout.evidence import AttemptEvidence, FirstFailure, Metric, fewest_people
from rollout.mixture import exp, log_mean_exp, not_worse, theta, worse
from rollout.processes import Schedule, change_weight, hour_weight, schedule
from rollout.proof import RATIOS, Proof
from rollout.sample_ratio import Arrivals, sample_ratio
from rollout.step_limits import Cell, excess
from rollout.stream import Stream
from tests.rollout import evidence_vectors as vectors
from tests.rollout.crowds import (
    OPERATIONS,
    START,
    V3,
    V4,
    after,
    alone,
    at,
    expectation,
    failure,
    path,
    strongest,
)
from tests.rollout.oracle import expected_evidence

# The committed vectors


@pytest.mark.parametrize(("ratio", "share", "value"), vectors.thetas())
def test_theta_is_that_of_the_vectors(ratio: float, share: float, value: float) -> None:
    assert theta(ratio, share) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("case", vectors.mixtures(), ids=str)
def test_mixtures_are_those_of_the_vectors(case: vectors.Mixtures) -> None:
    for tolerance, value in case.by_tolerance.items():
        terms = [worse(arm, share, tolerance) for arm, share in case.people]
        assert exp(log_mean_exp([sum(term) for term in zip(*terms, strict=True)])) == pytest.approx(value, rel=1e-9)
    for ratio, value in case.proven_against.items():
        terms = [not_worse(arm, share, ratio) for arm, share in case.people]
        assert exp(log_mean_exp([sum(term) for term in zip(*terms, strict=True)])) == pytest.approx(value, rel=1e-9)
    assert (set(case.by_tolerance), set(case.proven_against)) == ({1.25, 1.5}, {1.5})


def test_the_seven_mixtures_of_the_file_are_all_read() -> None:
    assert [case.name for case in vectors.mixtures()] == ["V1", "V2", "V3", "V4", "V5", "V6", "V7"]


@pytest.mark.parametrize("case", vectors.mixtures(), ids=str)
def test_a_proof_counts_what_the_vectors_count(case: vectors.Mixtures) -> None:
    proof = Proof(Metric.FAILURES, 1.5)
    for number, (arm, share) in enumerate(case.people):
        proof.observe(failure(f"u:{number}", arm, share))

    assert proof.standing(control_people=10_000).mixture == pytest.approx(case.proven_against[1.5], rel=1e-9)


def test_weights_are_those_of_the_vectors() -> None:
    expected = vectors.weights()

    assert expected.pop("start") == processes.START_WEIGHT
    for name, value in expected.items():
        kind, number = name.removesuffix(")").split("(")
        weight = {"change": change_weight, "hour": hour_weight}[kind](int(number))
        assert weight == pytest.approx(value, rel=1e-12)
    assert len(expected) == 4


def test_evidence_and_its_process_are_those_of_the_vectors_through_a_change_of_share() -> None:
    moments = vectors.moments()
    stream = Stream(1.0)

    for moment in moments:
        begun = schedule(START, [at(90)], at(moment.minute))
        stream.observe(moment.identity, moment.arm, moment.share, processes.epoch_at(begun, at(moment.minute)))

        value, *holder = strongest(stream, begun)
        assert value == pytest.approx(moment.evidence, rel=1e-8)
        assert holder == [moment.epoch, moment.people]
    assert len(moments) == 11


def test_a_late_break_is_found_by_the_hour_of_the_vectors() -> None:
    expected = vectors.late_break()
    events = [(10 * n, f"o{n}", V3) for n in range(60)]
    late = [("w", V4), ("x", V4), ("o3", V3), ("y", V4), ("w", V4), ("z", V4), ("q", V4), ("r", V4)]
    events += [(601 + n, who, arm) for n, (who, arm) in enumerate(late)]
    stream = Stream(1.0)

    for number, (minute, who, arm) in enumerate(events, 1):
        begun = schedule(START, [], at(minute))
        stream.observe(who, arm, 0.1, processes.epoch_at(begun, at(minute)))
        if number in expected:
            (value, *holder), (found, *found_holder) = expected.pop(number), strongest(stream, begun)
            assert found == pytest.approx(value, rel=1e-8)
            assert found_holder == holder
    assert not expected


@pytest.mark.parametrize(("share", "counts"), vectors.fewest().items())
def test_fewest_people_are_those_of_the_vectors(share: float, counts: list[int]) -> None:
    an_hour = 1 / 4 * hour_weight(504)

    found = [fewest_people(share, weight) for weight in (1, 1 / 2, 1 / 8)]
    found += [fewest_people(share, weight, processes.LATER_TOLERANCE) for weight in (1 / 32, an_hour)]

    assert found == counts
    assert len(vectors.fewest()) == 8


# The definition, in fractions

rows = st.lists(
    st.builds(
        failure,
        identity=st.sampled_from("abcdef"),
        arm=st.sampled_from(Arm),
        share=st.sampled_from([0.01, 0.1, 0.25, 0.5, 0.9, 0.99]),
        minute=st.integers(0, 400),
        metric=st.sampled_from(Metric),
        operation=st.sampled_from([*OPERATIONS, "restaurants.new"]),
    ),
    min_size=1,
    max_size=30,
)
changes = st.lists(st.integers(1, 400).map(at), max_size=4)


def dated(found: Iterable[FirstFailure], begun: Schedule) -> list[FirstFailure]:
    """Give each row the epoch of its time, and put them in order."""
    in_time = sorted(found, key=lambda row: row.at)
    return [
        FirstFailure(r.identity, r.arm, r.share, r.at, r.metric, r.operation, processes.epoch_at(begun, r.at))
        for r in in_time
    ]


@settings(max_examples=80, deadline=None)
@given(rows, changes)
def test_evidence_is_its_definition_computed_in_fractions(found: list[FirstFailure], changed: list[datetime]) -> None:
    begun = schedule(START, changed, at(400))
    events = dated(found, begun)

    value = after(events).regression(begun).value

    assert value == pytest.approx(float(expected_evidence(events, OPERATIONS, START, changed, at(400))), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(rows, changes)
def test_counting_as_it_happens_and_rebuilding_from_rows_agree(
    found: list[FirstFailure], changed: list[datetime]
) -> None:
    begun = schedule(START, changed, at(400))
    events = dated(found, begun)
    live = AttemptEvidence(OPERATIONS)

    for event in events:
        live.observe(event)
        live.regression(begun)
    kept: dict[tuple[object, ...], FirstFailure] = {}
    for row in events:
        kept.setdefault((row.identity, row.metric, row.operation, row.epoch), row)

    assert live.regression(begun) == after(kept.values()).regression(begun)


@settings(max_examples=30, deadline=None)
@given(rows, st.sampled_from([0.01, 0.1, 0.5, 0.99]))
def test_one_more_failure_on_v4_never_lowers_the_evidence_and_one_on_v3_never_raises_it(
    found: list[FirstFailure], share: float
) -> None:
    begun = schedule(START, [], at(400))
    before = after(dated(found, begun)).regression(begun).value

    def plus(arm: Arm) -> float:
        return after(dated([*found, failure("new", arm, share, minute=400)], begun)).regression(begun).value

    assert plus(V4) >= before * (1 - 1e-12)
    assert plus(V3) <= max(before, 1) * (1 + 1e-12)


SHARES = [0.01, 0.1, 0.1, 0.25, 0.5, 0.5, 0.9, 0.99]


@pytest.mark.parametrize("tolerance", [1.25, 1.5])
def test_the_mixture_is_a_martingale_at_its_tolerance_and_shrinks_below_it(tolerance: float) -> None:
    def last(arms: tuple[Arm, ...]) -> float:
        return path(arms, SHARES, tolerance)[-1]

    assert expectation(SHARES, tolerance, last) == pytest.approx(1, abs=1e-12)
    assert expectation(SHARES, 1, last) < 1
    assert expectation(SHARES, 1 / 3, last) < expectation(SHARES, 1, last)
    assert expectation(SHARES, tolerance + 0.1, last) > 1


@pytest.mark.parametrize("enough", [2, 5, 20])
def test_looking_after_every_failure_is_wrong_no_more_often_than_promised(enough: float) -> None:
    shares = [0.5] * 12

    wrong = expectation(shares, 1.25, lambda arms: max(path(arms, shares, 1.25)) >= enough)

    assert 0 < wrong <= 1 / enough


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_proof_is_a_martingale_where_v4_is_as_bad_as_what_it_excludes(ratio: float) -> None:
    def proven(arms: tuple[Arm, ...]) -> float:
        proof = Proof(Metric.SLOW, ratio)
        for number, (arm, share) in enumerate(zip(arms, SHARES, strict=True)):
            proof.observe(failure(f"u:{number}", arm, share, metric=Metric.SLOW))
        return proof.standing(control_people=10_000).mixture

    assert expectation(SHARES, ratio, proven) == pytest.approx(1, abs=1e-12)
    assert expectation(SHARES, ratio * 1.1, proven) < 1


@pytest.mark.parametrize("limit", [0.01, 0.02, 0.03, 0.05, 0.2])
def test_a_step_limit_is_fair_at_the_limit_whenever_it_is_looked_at(limit: float) -> None:
    people, begun = 12, alone(1.25)

    def mean(chance: float) -> float:
        return math.fsum(
            math.comb(people, failing) * chance**failing * (1 - chance) ** (people - failing) * found.mixture
            for failing in range(people + 1)
            if (found := excess(Metric.FAILURES, [Cell(0, limit, people, failing)], begun))
        )

    assert mean(limit) == pytest.approx(1, abs=1e-9)
    assert mean(limit / 2) < 1  # as in the middle of an hour, when half of those who will fail have failed
    assert mean(limit * 1.5) > 1


@pytest.mark.parametrize("enough", [1.5, 2, 5, 20])
def test_looking_in_the_middle_of_an_hour_too_is_wrong_no_more_often_than_promised(enough: float) -> None:
    people, limit, early, begun = 10, 0.2, 0.05, alone(1.25)
    late = (limit - early) / (1 - early)  # the chance of those who are fine in the first half; at most the limit in all

    def mixture(failing: int) -> float:
        found = excess(Metric.FAILURES, [Cell(0, limit, people, failing)], begun)
        return found.mixture if found else 0.0

    def chance(count: int, of: int, each: float) -> float:
        return math.comb(of, count) * each**count * (1 - each) ** (of - count)

    wrong = math.fsum(
        chance(first, people, early) * chance(more, people - first, late)
        for first in range(people + 1)
        for more in range(people - first + 1)
        if max(mixture(first), mixture(first + more)) >= enough
    )

    assert 0 < wrong <= 1 / enough


def test_the_sample_ratio_is_fair_at_the_share() -> None:
    def mixture(arms: tuple[Arm, ...]) -> float:
        return sample_ratio(
            Arrivals(share, int(arm is V4), int(arm is V3)) for arm, share in zip(arms, SHARES, strict=True)
        ).mixture

    assert expectation(SHARES, 1, mixture) == pytest.approx(1, abs=1e-12)
    assert expectation(SHARES, 2, mixture) > 1
    assert expectation(SHARES, 1 / 2, mixture) > 1
