"""What `make drill` and `make migration` conclude from answers and runs, and where they write it."""

from dataclasses import replace
from math import inf
from pathlib import Path

import pytest

from benchmarks import evidence
from benchmarks.drilling import figures
from benchmarks.drilling.asking import Ask, digest, everyday
from benchmarks.drilling.crowd import Heard
from benchmarks.drilling.faults import FAULTS
from benchmarks.drilling.observed import counted, missing
from benchmarks.drilling.runs import Run

RUN = Run(
    fault="always", reason="hard_fault", sentence="", is_early=False, took_s=2.0, ledger_s=2.5, reached_s=0.1, people=9,
    answers=1000, candidates_per_s=25.0, errors=0, wrong=0, lost=0, doubled=0, uncounted=0, besides=(),
)  # fmt: skip
SEARCH = next(ask for ask in everyday() if ask.operation == "restaurants.search")


def heard(served: str, *, took_ms: float = 5.0, ask: Ask = SEARCH) -> Heard:
    return Heard(
        0, 1000.0, took_ms, ask, 7, 200, served and f"{served[:2]}; feature=api_v4_restaurants; {served[3:]}", ""
    )


def test_what_an_answer_says_anew_each_time_does_not_make_it_another() -> None:
    one = b'{"success":true,"timestamp":"2026-11-28T01:30:45","meta":{"request_id":"a"},"name":"Grill"}'
    later = b'{"success":true,"timestamp":"2026-11-28T01:30:46","meta":{"request_id":"b"},"name":"Grill"}'

    assert digest(one) == digest(later)
    assert digest(one) != digest(later.replace(b"Grill", b"Cafe"))


@pytest.mark.parametrize(
    ("served", "arm"),
    [
        ("v4 reason=split", "candidate"),
        ("v3 reason=fallback", "candidate"),
        ("v3 reason=breaker", "candidate"),
        ("v3 reason=bulkhead", "candidate"),
        ("v3 reason=split", "control"),
        ("v3 reason=holdout", "control"),
    ],
)
def test_an_answer_is_of_the_arm_that_the_decision_assigned(served: str, arm: str) -> None:
    assert heard(served).arm == arm


def test_an_answer_that_reached_no_switch_is_not_counted() -> None:
    sums = counted([heard("v4 reason=split"), heard("v4 reason=split"), heard("v3 reason=split"), heard("")])

    assert sums == {("restaurants.search", "candidate"): 2, ("restaurants.search", "control"): 1}


def test_calls_are_missed_whichever_side_has_them() -> None:
    sums = counted([heard("v4 reason=split")])

    assert missing(sums, counted([heard("v3 reason=split")])) == 2
    assert missing(sums, sums) == 0


@pytest.mark.parametrize(
    ("name", "served", "took_ms"), [("always", "v3 reason=fallback", 5), ("slow", "v4 reason=split", 450)]
)
def test_each_fault_is_seen_in_the_answers_that_it_spoils(name: str, served: str, took_ms: float) -> None:
    fault = next(fault for fault in FAULTS if fault.name == name)

    assert fault.is_met(heard(served, took_ms=took_ms))
    assert not fault.is_met(heard("v4 reason=split"))


def test_a_run_that_was_not_rolled_back_misses_every_figure_of_time() -> None:
    never = replace(RUN, reason="none", took_s=None, ledger_s=None, reached_s=None)

    found = figures.of_faults([*[RUN] * 9, never])

    assert figures.p95(figures.took([*[RUN] * 9, never])) == inf
    assert not found[0].is_met


def test_ten_good_runs_meet_every_figure_and_one_wrong_answer_does_not() -> None:
    assert all(figure.is_met for figure in figures.of_faults([RUN] * 10))
    assert not all(figure.is_met for figure in figures.of_faults([*[RUN] * 9, replace(RUN, wrong=1)]))


def test_no_run_at_all_meets_no_figure_of_time() -> None:
    assert not all(figure.is_met for figure in figures.of_faults([]))


def test_a_section_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    document = tmp_path / "evidence.md"
    document.write_text("before\n<!-- drill:begin -->\nold\n<!-- drill:end -->\nafter\n")

    evidence.write("drill", ["| new |"], document)

    assert document.read_text() == "before\n<!-- drill:begin -->\n\n| new |\n\n<!-- drill:end -->\nafter\n"
