"""Whether the arms divide by the share."""

import pytest

from rollout.evidence import Finding, Metric
from rollout.processes import Process
from rollout.sample_ratio import Arrivals, sample_ratio
from tests.rollout.crowds import (
    START,
)

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
