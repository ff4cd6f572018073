"""How many people meet a failing v4: the formula, checked against the detectors themselves."""

import pytest

from rollout.evidence import fewest_people
from rollout.harm import ALWAYS, ONE_IN_FIVE, Exposure, Toll, toll
from rollout.processes import LATER_TOLERANCE, change_weight

QUIET = Exposure(share=0.1, people_per_hour=0)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 0.5, 0.9])
def test_without_a_step_limit_it_is_what_the_evidence_of_the_first_change_needs(share: float) -> None:
    told = toll(Exposure(share=share), ONE_IN_FIVE)

    assert told == Toll(fewest_people(share, 1 / 32, LATER_TOLERANCE), "evidence")


def test_a_later_change_weighs_less_and_needs_more_people() -> None:
    told = toll(Exposure(share=0.5, change=4), ONE_IN_FIVE)

    assert told == Toll(fewest_people(0.5, change_weight(4) / 4, LATER_TOLERANCE), "evidence")
    assert fewest_people(0.5, change_weight(4) / 4, LATER_TOLERANCE) > fewest_people(0.5, 1 / 32, LATER_TOLERANCE)


def test_where_half_the_calls_may_be_evidence_twice_as_many_people_meet_it() -> None:
    whole, half = toll(QUIET, ONE_IN_FIVE), toll(Exposure(share=0.1, evidence_share=0.5), ONE_IN_FIVE)

    assert (whole, half) == (Toll(6, "evidence"), Toll(12, "evidence"))


def test_those_who_come_while_the_rollback_is_under_way_meet_it_too() -> None:
    busy = Exposure(share=0.1, people_per_hour=60_000, workers=100)

    assert toll(busy, ALWAYS) == Toll(6 + 5, "evidence")
    assert toll(busy, ONE_IN_FIVE) == Toll(6 + 1, "evidence")


def test_at_full_the_steps_limit_decides_long_before_the_evidence() -> None:
    full = Exposure(share=0.99, error_limit=0.01)

    assert (toll(full, ALWAYS), toll(full, ONE_IN_FIVE)) == (Toll(4, "step_limit"), Toll(5, "step_limit"))


def test_the_breakers_end_a_v4_that_always_fails_where_calls_are_many_enough() -> None:
    many, few = (Exposure(share=1.0, people_per_hour=people) for people in (3600, 1799))

    assert toll(many, ALWAYS) == Toll(4 + 1 + 3, "breakers")
    assert (toll(many, ONE_IN_FIVE), toll(few, ALWAYS)) == (None, None)


def test_the_breakers_need_half_of_the_workers() -> None:
    told = toll(Exposure(share=1.0, people_per_hour=36_000, workers=3), ALWAYS)

    assert told == Toll(4 * 3 + 2 + 30, "breakers")


@pytest.mark.parametrize(
    "exposure", [Exposure(share=0.0), Exposure(share=0.1, evidence_share=0.0), Exposure(share=1.0)]
)
def test_where_nothing_would_decide_no_number_is_told(exposure: Exposure) -> None:
    assert toll(exposure, ONE_IN_FIVE) is None
