"""The evidence that a step's limit is exceeded."""

import math
from fractions import Fraction

import pytest

from rollout.evidence import Metric
from rollout.processes import schedule
from rollout.step_limits import Cell, excess
from tests.rollout.crowds import (
    START,
    at,
)

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
