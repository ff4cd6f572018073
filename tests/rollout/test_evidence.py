"""The evidence: exact on the committed vectors, equal to its definition in fractions, fair, and cheap."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout import processes
from rollout.eligibility import Arm
from rollout.evidence import ALL_OPERATIONS, AttemptEvidence, Finding, FirstFailure, Metric, fewest_people
from rollout.mixture import exp, log_mean_exp, not_worse, theta, worse
from rollout.processes import Process, Schedule, change_weight, hour_weight, schedule
from rollout.proof import RATIOS, Proof, ratio_of
from rollout.sample_ratio import Arrivals, sample_ratio
from rollout.step_limits import Cell, excess
from rollout.stream import Stream, Weighed
from tests.rollout import evidence_vectors as vectors
from tests.rollout.oracle import expected_evidence

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
V4, V3 = Arm.CANDIDATE, Arm.CONTROL
OPERATIONS = ("restaurants.search", "restaurants.detail")


def at(minute: float) -> datetime:
    return START + minute * MINUTE


def failure(
    identity: str,
    arm: Arm,
    share: float,
    *,
    minute: float = 0,
    epoch: int = 0,
    metric: Metric = Metric.FAILURES,
    operation: str = OPERATIONS[0],
) -> FirstFailure:
    return FirstFailure(identity, arm, share, at(minute), metric, operation, epoch)


def crowd(
    arm: Arm, count: int, share: float, *, name: str = "", minute: float = 0, epoch: int = 0
) -> list[FirstFailure]:
    return [failure(f"{name or arm}:{n}", arm, share, minute=minute, epoch=epoch) for n in range(count)]


def after(failures: Iterable[FirstFailure], operations: Sequence[str] = OPERATIONS) -> AttemptEvidence:
    return AttemptEvidence.replayed(operations, failures)


def alone(tolerance: float) -> Schedule:
    return [Process(0, START, 1.0, tolerance)]


def weighed(evidence: AttemptEvidence, begun: Schedule) -> tuple[Weighed, ...]:
    """Return what the processes say of failures in all operations."""
    return evidence._streams[Metric.FAILURES, ALL_OPERATIONS].weigh(begun)


def strongest(stream: Stream, at_present: Schedule) -> tuple[float, int, int]:
    """Return E, and the epoch and the people of the process that holds it."""
    found = [
        (stream.weight * one.process.weight * exp(one.log_mixture), one.process.epoch, one.candidate + one.control)
        for one in stream.weigh(at_present)
    ]
    return max(found)


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


# Fairness: exact enumeration over all ways in which the slots can fall


def expectation(shares: Sequence[float], ratio: float, value: Callable[[tuple[Arm, ...]], float]) -> float:
    """Return the mean of `value` when each failing person is on v4 with the chance θ(ratio)."""
    chances = [theta(ratio, share) for share in shares]
    return math.fsum(
        math.prod(chance if arm is V4 else 1 - chance for arm, chance in zip(arms, chances, strict=True)) * value(arms)
        for arms in product(Arm, repeat=len(shares))
    )


def path(arms: Sequence[Arm], shares: Sequence[float], tolerance: float) -> list[float]:
    """Return M after each person."""
    terms = [0.0] * 8
    found = []
    for arm, share in zip(arms, shares, strict=True):
        terms = [have + more for have, more in zip(terms, worse(arm, share, tolerance), strict=True)]
        found.append(exp(log_mean_exp(terms)))
    return found


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


# When processes begin


def test_processes_begin_at_the_start_at_each_change_and_at_each_full_hour() -> None:
    begun = schedule(START, [at(90.5), at(30)], at(121))

    assert [(process.epoch, process.starts_at) for process in begun] == [
        (0, START),
        (30, at(30)),
        (60, at(60)),
        (90, at(90.5)),
        (120, at(120)),
    ]
    assert [process.weight for process in begun] == [1 / 2, 1 / 8, hour_weight(1), 1 / 24, hour_weight(2)]
    assert [process.tolerance for process in begun] == [1.25, 1.5, 1.5, 1.5, 1.5]


def test_what_begins_in_the_same_minute_is_one_process_with_the_sum_of_the_weights() -> None:
    begun = schedule(START, [at(0.4), at(60.2), at(60.9), at(61)], at(62))

    assert [(process.epoch, process.starts_at, process.weight) for process in begun] == [
        (0, START, 1 / 2 + 1 / 8),
        (60, at(60), pytest.approx(hour_weight(1) + 1 / 24 + 1 / 48)),
        (61, at(61), 1 / 80),
    ]


def test_what_happens_later_changes_no_epoch() -> None:
    early = schedule(START, [at(30)], at(59))
    late = schedule(START, [at(30), at(60.5), at(100)], at(500))

    assert late[: len(early)] == early
    assert [processes.epoch_at(late, at(minute)) for minute in (-5, 0, 29.9, 30, 60, 99.9, 100, 120)] == [
        *(0, 0, 0, 30, 60, 60, 100, 120)
    ]


def test_what_lies_outside_the_attempt_is_no_change_of_it() -> None:
    assert len(schedule(START, [at(-5), at(40)], at(30))) == 1


# Spent processes


def drowned(day: int = 1) -> tuple[AttemptEvidence, Schedule]:
    """Return evidence in which v3 has failed many people in the first minutes of each of the first three hours."""
    begun = schedule(START, [], at(60 * 24 * day + 190))
    failing = [one for h in range(3) for one in crowd(V3, 300, 0.5, name=f"h{h}", minute=60 * h + 1, epoch=60 * h)]
    return after(failing), begun


def epochs(evidence: AttemptEvidence, begun: Schedule) -> set[int]:
    return {one.process.epoch for one in weighed(evidence, begun)}


def test_old_processes_that_say_nothing_are_dropped_but_never_the_first() -> None:
    evidence, begun = drowned()

    evidence.drop_spent(begun, begun[-1].starts_at)

    assert epochs(evidence, begun) == {0}


def test_a_process_younger_than_a_day_is_kept_however_little_it_says() -> None:
    evidence, begun = drowned(day=0)

    evidence.drop_spent(begun, at(60 * 25))

    assert epochs(evidence, begun) == {0, 60, 120}


@pytest.mark.parametrize(("people", "kept"), [(1, {0, 60}), (148, {0, 60}), (149, {0})])
def test_an_old_process_is_kept_until_its_largest_term_is_below_a_billionth(people: int, kept: set[int]) -> None:
    begun = schedule(START, [], at(60 * 30))
    evidence = after(crowd(V3, people, 0.5, minute=61, epoch=60))  # the largest term is (2.5 / 2.875) ** people

    evidence.drop_spent(begun, at(60 * 30))

    assert epochs(evidence, begun) == kept


def test_a_look_is_not_remembered_beyond_the_beginning_of_a_process_or_of_more_weight() -> None:
    evidence = after(crowd(V4, 3, 0.1))
    begun = [schedule(START, changed, at(90)) for changed in ([], [at(0.5)])]

    values = [evidence.regression(processes).value for processes in begun]

    assert values[1] == pytest.approx(values[0] * (1 / 2 + 1 / 8) / (1 / 2))


def test_after_dropping_the_others_count_on_as_if_nothing_had_been_dropped() -> None:
    dropped, begun = drowned()
    kept, _ = drowned()
    dropped.drop_spent(begun, begun[-1].starts_at)
    dropped.drop_spent(begun, begun[-1].starts_at)
    last = begun[-1].epoch

    # People who failed under a dropped process fail again, somebody new does, and one dated back to a dropped epoch.
    for evidence in (dropped, kept):
        for n in range(12):
            evidence.observe(failure(f"h2:{n}", V4, 0.5, minute=last, epoch=last))
            evidence.observe(failure(f"new:{n}", V4, 0.5, minute=last, epoch=last))
        evidence.observe(failure("late", V4, 0.5, minute=100, epoch=60))

    def findings(evidence: AttemptEvidence) -> dict[int, tuple[int, int, float]]:
        found = weighed(evidence, begun)
        return {one.process.epoch: (one.candidate, one.control, round(one.log_mixture, 9)) for one in found}

    left = findings(dropped)
    assert set(findings(kept)) - set(left) == {60, 120}
    assert left == {epoch: found for epoch, found in findings(kept).items() if epoch in left}
    assert left[last][:2] == (24, 0)


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


# The step's limits


def test_a_limit_is_weighed_in_every_process_and_the_strongest_speaks() -> None:
    begun = schedule(START, [], at(181))
    quiet = [Cell(60 * hour, 0.05, 1000, 10) for hour in range(3)]

    found = excess(Metric.FAILURES, [*quiet, Cell(180, 0.05, 100, 40)], begun)

    assert found is not None
    assert (found.process.epoch, found.people, found.failing) == (180, 100, 40)
    assert found.is_proven


@pytest.mark.parametrize("failing", [0, 1, 5, 30, 100])
def test_a_limit_is_its_definition_computed_in_fractions(failing: int) -> None:
    limit, people = Fraction(1, 100), 100
    chances = [ratio * limit for ratio in (Fraction(3, 2), 2, 3, 5, 10, 20)]

    found = excess(Metric.FAILURES, [Cell(0, 0.01, people, failing)], schedule(START, [], START))

    terms = [(chance / limit) ** failing * ((1 - chance) / (1 - limit)) ** (people - failing) for chance in chances]
    assert found is not None
    assert found.value == pytest.approx(float(sum(terms) / 6 / 4), rel=1e-9)  # w = 1/2, and 1/2 for the metric


def test_people_at_the_limit_are_never_proof_against_it_and_nobody_is_no_finding() -> None:
    begun = schedule(START, [], START)

    at_the_limit = [excess(Metric.FAILURES, [Cell(0, 0.05, 20 * n, n)], begun) for n in range(1, 2000, 50)]

    assert not any(found.is_proven for found in at_the_limit if found)
    assert excess(Metric.FAILURES, [Cell(0, 0.05, 0, 0)], begun) is None


@pytest.mark.parametrize(
    ("control_people", "control_failing", "shared"),
    [(0, 0, False), (900, 0, False), (900, 45, False), (900, 46, True), (900, 300, True), (5, 1, False), (5, 2, True)],
)
def test_what_v3_exceeds_in_the_same_epochs_is_shared_unless_it_is_one_person(
    control_people: int, control_failing: int, shared: bool
) -> None:
    cell = Cell(0, 0.05, 100, 40, control_people, control_failing)

    found = excess(Metric.FAILURES, [cell], schedule(START, [], START))

    assert found is not None
    assert (found.is_proven, found.is_shared) == (True, shared)


def test_v3_is_asked_about_the_epochs_in_which_the_people_of_v4_failed() -> None:
    begun = schedule(START, [at(60)], at(61))
    ramp = [Cell(0, 0.05, 10, 0, 990, 2), Cell(60, 0.02, 500, 40, 500, 40)]

    found = excess(Metric.FAILURES, ramp, begun)

    assert found is not None
    assert (found.is_proven, found.is_shared) == (True, True)


def test_a_fault_of_v4_alone_is_found_although_an_outage_of_both_came_before_it() -> None:
    begun = schedule(START, [], at(121))
    outage, fault = Cell(0, 0.05, 1000, 500, 9000, 4500), Cell(120, 0.05, 100, 40, 900, 9)

    found = excess(Metric.FAILURES, [outage, Cell(60, 0.05, 1000, 3, 9000, 27), fault], begun)

    assert found is not None
    assert (found.process.epoch, found.is_proven, found.is_shared) == (120, True, False)


@pytest.mark.parametrize(("limit", "proven"), [(0.0, True), (0.05, True), (0.2, False), (0.99, False), (1.0, False)])
def test_a_limit_may_be_anything_from_nobody_to_everybody(limit: float, proven: bool) -> None:
    found = excess(Metric.SLOW, [Cell(0, limit, 10_000, 2000)], schedule(START, [], START))

    assert found is not None
    assert (found.is_proven, math.isfinite(found.value)) == (proven, True)


# The sample ratio


@pytest.mark.parametrize(
    ("candidate", "control", "off"),
    [(1000, 9000, False), (1060, 8940, False), (1200, 8800, True), (800, 9200, True), (0, 0, False)],
)
def test_the_sample_ratio_is_off_when_the_arms_do_not_divide_by_the_share(
    candidate: int, control: int, off: bool
) -> None:
    assert sample_ratio([Arrivals(0.1, candidate, control)]).is_off is off


def test_the_sample_ratio_judges_each_person_by_the_share_that_decided() -> None:
    found = sample_ratio([Arrivals(0.1, 100, 900), Arrivals(0.5, 500, 500), Arrivals(1.0, 10**6, 0)])

    assert (found.candidate, found.control, found.is_off) == (600, 1400, False)


def test_one_person_on_the_wrong_arm_is_a_fault() -> None:
    assert sample_ratio([], misplaced=["u:7"]).is_off


def test_a_finding_says_how_many_people_and_how_much() -> None:
    found = Finding(Metric.SLOW, None, Process(0, START, 0.5, 1.25), 0.125, 1000.0, 4, 3)

    assert (found.people, found.value) == (7, 125.0)
