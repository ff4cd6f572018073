"""Durations in buckets that add up, and what they still tell of a quantile."""

from collections import Counter
from math import ceil, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.histogram import LAST, PER_DOUBLING, SHORTEST_MS, bucket, merged, quantile_ms, upper_ms

durations = st.floats(SHORTEST_MS, 40_000)


@given(durations)
def test_a_duration_lies_below_its_buckets_bound_and_not_below_the_one_before(duration_ms: float) -> None:
    number = bucket(duration_ms)

    assert upper_ms(number - 1) * (1 - 1e-9) <= duration_ms <= upper_ms(number) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("duration_ms", "number"),
    [(-1.0, 0), (0.0, 0), (0.1, 0), (0.118, 0), (0.12, 1), (0.2001, PER_DOUBLING), (45_000, LAST), (1e300, LAST)],
)
def test_the_first_bucket_takes_what_is_shorter_and_the_last_what_is_longer(duration_ms: float, number: int) -> None:
    assert bucket(duration_ms) == number


@given(st.lists(durations, min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_is_the_true_one_rounded_up_by_a_fifth_at_most(sample: list[float], share: float) -> None:
    true = sorted(sample)[ceil(share * len(sample) - 1e-9) - 1]

    told = quantile_ms(Counter(bucket(duration) for duration in sample), share)

    assert true * (1 - 1e-9) <= told <= true * 2 ** (1 / PER_DOUBLING) * (1 + 1e-9)


def test_of_no_calls_every_quantile_is_zero() -> None:
    assert quantile_ms({}, 0.95) == 0


@given(st.lists(durations), st.lists(durations))
def test_the_sums_of_two_processes_are_those_of_all_their_calls(one: list[float], other: list[float]) -> None:
    summed: dict[int, int] = {}
    for sample in (one, other):
        counts = Counter(bucket(duration) for duration in sample)
        merged(counts.keys(), counts.values(), summed)

    assert summed == Counter(bucket(duration) for duration in one + other)


def test_counts_without_their_buckets_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        merged([1, 2], [3], {})


def test_every_bound_is_finite_and_longer_than_the_one_before() -> None:
    bounds = [upper_ms(number) for number in range(LAST + 1)]

    assert bounds == sorted(set(bounds))
    assert max(bounds) < inf
