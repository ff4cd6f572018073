"""Who counts as evidence and for how much, and that large numbers stay numbers and cheap."""

import math
import time

import pytest

from rollout.eligibility import Arm
from rollout.evidence import ALL_OPERATIONS, AttemptEvidence, Metric
from rollout.processes import change_weight, hour_weight, schedule
from tests.rollout.crowds import (
    OPERATIONS,
    START,
    V3,
    V4,
    after,
    alone,
    at,
    crowd,
    failure,
    path,
    weighed,
)

# Who counts, and for how much


def test_the_weights_of_all_processes_and_streams_sum_to_at_most_one() -> None:
    forever = math.fsum(change_weight(j) + hour_weight(j) for j in range(1, 100_000))
    evidence = after([])

    begun = schedule(START, [at(m) for m in range(1, 3000, 7)], at(60 * 24 * 30))

    assert 0.49 < forever < 0.5
    assert 0.5 < sum(process.weight for process in begun) < 1
    assert sum(stream.weight for stream in evidence._streams.values()) == pytest.approx(1)


def test_half_of_a_metric_is_for_all_operations_and_half_is_shared_by_the_registered_ones() -> None:
    begun = alone(1.25)

    found = {
        operations: {
            finding.operation: finding.weight
            for finding in after(crowd(V4, 30, 0.1), operations).regression(begun).culprits
        }
        for operations in [OPERATIONS[:1], OPERATIONS, (*OPERATIONS, "c", "d")]
    }

    assert list(found.values()) == [
        {ALL_OPERATIONS: 1 / 4, OPERATIONS[0]: 1 / 4},
        {ALL_OPERATIONS: 1 / 4, OPERATIONS[0]: 1 / 8},
        {ALL_OPERATIONS: 1 / 4, OPERATIONS[0]: 1 / 16},
    ]


def test_an_operation_registered_later_counts_with_all_operations_only() -> None:
    people = [failure(f"u:{n}", V4, 0.1, operation="restaurants.new") for n in range(30)]

    regression = after(people).regression(alone(1.25))

    assert [finding.operation for finding in regression.culprits] == [ALL_OPERATIONS]


def test_a_person_who_retries_for_ever_counts_once_in_a_process() -> None:
    retries = [failure("u:1", V4, 0.1, minute=n / 100, operation=OPERATIONS[n % 2]) for n in range(5000)]

    found = after(retries).regression(alone(1.25)).strongest

    assert found is not None
    assert found.people == 1
    assert found.mixture == pytest.approx(3.518315723)


def test_somebody_who_failed_before_counts_again_for_the_processes_that_began_since() -> None:
    begun = schedule(START, [], at(130))
    evidence = after([failure("u:1", V4, 0.1), failure("u:1", V4, 0.1, minute=125, epoch=120)])

    counts = {one.process.epoch: one.candidate for one in weighed(evidence, begun)}

    assert counts == {0: 1, 60: 1, 120: 1}


def test_where_everybody_is_on_one_arm_nothing_is_counted() -> None:
    evidence = after([*crowd(V4, 50, 1.0), *crowd(V3, 50, 0.0)])

    assert evidence.regression(alone(1.25)).strongest is None


def test_who_reaches_the_threshold_alone_is_a_culprit_and_a_large_mixture_makes_a_suspect() -> None:
    search = [failure(f"u:{n}", V4, 0.1, operation=OPERATIONS[0]) for n in range(9)]
    detail = [failure(f"d:{n}", V4, 0.1, operation=OPERATIONS[1]) for n in range(3)]

    regression = after([*search, *detail]).regression(schedule(START, [], START))

    assert regression.is_proven
    assert {finding.operation for finding in regression.culprits} == {ALL_OPERATIONS, OPERATIONS[0]}
    assert {finding.operation for finding in regression.suspects} == {ALL_OPERATIONS, *OPERATIONS}
    assert regression.strongest is not None
    assert regression.strongest.operation is ALL_OPERATIONS
    assert regression.value == regression.strongest.value > 100


def test_slow_calls_and_failures_are_weighed_apart() -> None:
    people = [failure(f"u:{n}", V4, 0.1, metric=Metric.SLOW) for n in range(9)]

    regression = after(people).regression(schedule(START, [], START))

    assert {finding.metric for finding in regression.culprits} == {Metric.SLOW}


# Numbers that are large


@pytest.mark.parametrize(("arm", "others"), [(V4, V3), (V3, V4)])
def test_a_hundred_thousand_people_neither_overflow_nor_hide_what_comes_after(arm: Arm, others: Arm) -> None:
    begun = schedule(START, [at(90)], at(120))
    evidence = after(crowd(arm, 100_000, 0.1))
    flood = evidence.regression(begun).strongest

    for one in crowd(others, 12, 0.1, name="later", minute=91, epoch=90):
        evidence.observe(one)
    fresh = {one.process.epoch: one.log_mixture for one in weighed(evidence, begun)}

    assert flood is not None
    assert (math.isfinite(flood.value), flood.value >= 100) == (True, arm is V4)
    assert fresh[90] == pytest.approx(math.log(path([others] * 12, [0.1] * 12, 1.5)[-1]), abs=1e-9)


def test_a_look_costs_little_with_a_hundred_thousand_people_and_a_month_of_hours() -> None:
    month = 60 * 24 * 30
    begun = schedule(START, [at(m) for m in (61, 2000, 9000, 20_000)], at(month))
    evidence = AttemptEvidence(["a", "b", "c", "d"])
    many = [
        failure(f"u:{n}", (V3, V4)[n % 10 == 0], 0.1, epoch=n % 720 * 60, operation="abcd"[n % 4]) for n in range(10**5)
    ]
    began = time.process_time()
    for one in sorted(many, key=lambda row: row.epoch):
        evidence.observe(one)
    counted = time.process_time()

    evidence.regression(begun)

    looked = time.process_time()
    assert (counted - began) / len(many) < 200e-6
    assert looked - counted < 1
