"""When processes begin, what they weigh, and when they are spent."""

import pytest

from rollout import processes
from rollout.evidence import AttemptEvidence
from rollout.processes import Schedule, hour_weight, schedule
from tests.rollout.crowds import (
    START,
    V3,
    V4,
    after,
    at,
    crowd,
    failure,
    weighed,
)

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
