"""Exact bounds of a proportion."""

from math import exp, lgamma, log, log1p

_PRECISION = 1e-9


def upper_bound(hits: int, of: int, confidence: float = 0.95) -> float:
    """Return the one-sided upper bound of Clopper & Pearson (Biometrika 26, 1934) for the chance of a hit."""
    if hits >= of:
        return 1.0
    least, most = 0.0, 1.0
    while most - least > _PRECISION:
        middle = (least + most) / 2
        least, most = (middle, most) if _at_most(hits, of, middle) > 1 - confidence else (least, middle)
    return most


def _at_most(hits: int, of: int, chance: float) -> float:
    """Return the chance of no more than so many hits."""
    return sum(exp(_log_choose(of, n) + n * log(chance) + (of - n) * log1p(-chance)) for n in range(hits + 1))


def _log_choose(of: int, n: int) -> float:
    return lgamma(of + 1) - lgamma(n + 1) - lgamma(of - n + 1)


def quantile(values: list[float], part: float) -> float | None:
    """Return the value that `part` of all are at most, or None where that is infinite."""
    ordered = sorted(values)
    found = ordered[min(int(part * len(ordered)), len(ordered) - 1)]
    return None if found == float("inf") else found
