"""How long calls took, in fixed logarithmic buckets that any two processes can add up. Pure.

Bucket b holds durations from 0.1 ms · 2^(b/4) up to the next bound: each is 19 % longer than the one before it, which
is the error of a quantile at most. The first also holds what is shorter, the last what is longer.
"""

from collections.abc import Iterable, Mapping
from math import log2

SHORTEST_MS = 0.1
PER_DOUBLING = 4
LAST = 75
"""Its lower bound is 44 s: longer than a worker lives with a stuck request."""


def bucket(duration_ms: float) -> int:
    """Return the bucket (0 to `LAST`) of a duration in milliseconds."""
    if duration_ms <= SHORTEST_MS:
        return 0
    return min(int(PER_DOUBLING * log2(duration_ms / SHORTEST_MS)), LAST)


def upper_ms(number: int) -> float:
    """Return the bound in milliseconds below which the durations of a bucket lie."""
    return float(SHORTEST_MS * 2 ** ((number + 1) / PER_DOUBLING))


def quantile_ms(counts: Mapping[int, int], share: float) -> float:
    """Return the duration that `share` (0 to 1) of the calls do not exceed, as its bucket's upper bound; 0 for none."""
    left = share * sum(counts.values())
    for number in sorted(counts):
        left -= counts[number]
        if left <= 0:
            return upper_ms(number)
    return 0.0


def merged(numbers: Iterable[int], counts: Iterable[int], into: dict[int, int]) -> None:
    """Add the `counts` of the buckets `numbers` to `into`."""
    for number, count in zip(numbers, counts, strict=True):
        into[number] = into.get(number, 0) + count
