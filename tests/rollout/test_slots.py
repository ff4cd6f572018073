"""Slots: the share that was asked for, of any kind of identity, for good."""

import json
import math
import os
import subprocess
import sys
from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.slots import SPACE, Cohort, threshold

SECRET = "a secret of these tests, long enough"
VECTORS = json.loads((Path(__file__).parent / "slot_vectors.json").read_text())

KINDS: dict[str, Callable[[int], str]] = {
    "integers": lambda number: f"u:{number}",
    "uuids": lambda number: f"d:{UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128)}",
    "e-mails": lambda number: f"person.{number}@example.org",
    "sequences": lambda number: f"d:00000000-0000-4000-8000-{number:012x}",
}

percentages = st.integers(0, 10_000).map(lambda grains: Decimal(grains) / 100)


@pytest.mark.parametrize("vector", VECTORS["slots"], ids=lambda one: f"{one['cohort']} {one['identity']}")
def test_slots_are_those_of_the_committed_vectors(vector: dict[str, str]) -> None:
    slot = Cohort(VECTORS["secret"], vector["cohort"]).slot(vector["identity"])

    assert f"{slot:016x}" == vector["slot"]


@pytest.mark.parametrize("vector", VECTORS["thresholds"], ids=lambda one: one["percentage"])
def test_thresholds_are_those_of_the_committed_vectors(vector: dict[str, str]) -> None:
    assert threshold(Decimal(vector["percentage"])) == int(vector["first_slot_out"])


def test_slots_are_the_same_in_every_process() -> None:
    program = f"from rollout.slots import Cohort; print(Cohort({SECRET!r}, 'c').slot('u:1'))"

    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert seen == {str(Cohort(SECRET, "c").slot("u:1"))}


@pytest.mark.parametrize("kind", KINDS)
def test_the_share_is_the_one_asked_for_whatever_the_identities_look_like(kind: str) -> None:
    number = 100_000
    cohort = Cohort(SECRET, "api_v4")

    slots = sorted(cohort.slot(KINDS[kind](one)) for one in range(number))

    for percentage in ("0.01", "1", "10", "50", "99.99"):
        p = float(percentage) / 100
        chosen = bisect_left(slots, threshold(Decimal(percentage)))
        assert abs(chosen - number * p) <= 4 * math.sqrt(number * p * (1 - p)), percentage


def test_over_a_million_identities_two_cohorts_are_independent_and_the_smallest_share_selects_somebody() -> None:
    first, second = Cohort(SECRET, "first"), Cohort(SECRET, "second")
    tenth, grain = threshold(Decimal(10)), threshold(Decimal("0.01"))
    both = selected = 0
    for number in range(1_000_000):
        slot = first.slot(f"u:{number}")
        both += slot < tenth and second.slot(f"u:{number}") < tenth
        selected += slot < grain

    assert abs(both / 1_000_000 - 0.01) <= 0.001
    assert abs(selected - 100) <= 40


@given(st.text(max_size=60), percentages, percentages)
def test_raising_the_percentage_never_drops_anyone(identity: str, one: Decimal, other: Decimal) -> None:
    slot = Cohort(SECRET, "c").slot(identity)
    narrow, wide = sorted((one, other))

    assert slot >= threshold(narrow) or slot < threshold(wide)


@given(st.text(max_size=60))
def test_nobody_is_in_at_zero_and_everybody_at_a_hundred(identity: str) -> None:
    slot = Cohort(SECRET, "c").slot(identity)

    assert threshold(Decimal(0)) <= slot < threshold(Decimal(100)) == SPACE


def test_another_secret_makes_another_order() -> None:
    assert Cohort(SECRET, "c").slot("u:1") != Cohort(SECRET + "!", "c").slot("u:1")
