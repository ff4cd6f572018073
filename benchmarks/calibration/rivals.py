"""The rules that others publish, looked at every minute on the same calls. Their sources are in docs/evidence.md."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import log, sqrt

_MIN_SUCCESS = 0.99
_FLAGGER_THRESHOLD = 5
_ARGO_SUCCESS, _ARGO_INTERVAL, _ARGO_FAILURE_LIMIT = 0.95, 5, 3
_ALPHA = 0.05
_Z_ONE_SIDED, _Z_TWO_SIDED = 1.6448536269514722, 1.959963984540054
_GROWTHBOOK_TUNING = 5000


@dataclass(frozen=True, slots=True)
class Arm:
    """One engine: this minute's calls and failures, those since the share last changed, and people since the start."""

    calls: int
    failures: int
    calls_in_step: int
    failures_in_step: int
    people: float
    failing_people: int

    @property
    def mean(self) -> float:
        """The share of people who failed at least once."""
        return min(self.failing_people / self.people, 1.0) if self.people else 0.0

    @property
    def variance(self) -> float:
        """Of that share, for one person."""
        return self.mean * (1 - self.mean)


Minute = tuple[Arm, Arm]
"""v3 and v4."""
Rule = Callable[[Minute], bool]
"""Returns whether to roll back, minute by minute."""


def five_percent() -> Rule:
    """Over 5 % of v4's calls of the last 5 minutes failed."""
    last: deque[Arm] = deque(maxlen=5)

    def rule(minute: Minute) -> bool:
        last.append(minute[1])
        return sum(arm.failures for arm in last) > 0.05 * sum(arm.calls for arm in last)

    return rule


def z_test() -> Rule:
    """Two proportions of calls since the share last changed, pooled, one-sided at 5 %."""

    def rule(minute: Minute) -> bool:
        v3, v4 = minute
        calls = v3.calls_in_step + v4.calls_in_step
        pooled = (v3.failures_in_step + v4.failures_in_step) / calls if calls else 0.0
        if not (v3.calls_in_step and v4.calls_in_step and 0 < pooled < 1):
            return False
        error = sqrt(pooled * (1 - pooled) * (1 / v3.calls_in_step + 1 / v4.calls_in_step))
        return v4.failures_in_step / v4.calls_in_step - v3.failures_in_step / v3.calls_in_step > _Z_ONE_SIDED * error

    return rule


def flagger() -> Rule:
    """Five checks failed, one a minute: under 99 % of v4's calls went well, or there were none; never forgotten."""
    failed = 0

    def rule(minute: Minute) -> bool:
        nonlocal failed
        is_due, v4 = failed >= _FLAGGER_THRESHOLD, minute[1]
        failed += v4.calls - v4.failures < _MIN_SUCCESS * v4.calls or not v4.calls
        return is_due

    return rule


def argo() -> Rule:
    """More than three measurements failed, one in 5 minutes: under 95 % of v4's calls of these went well."""
    last: deque[Arm] = deque(maxlen=_ARGO_INTERVAL)
    minutes = failed = 0

    def rule(minute: Minute) -> bool:
        nonlocal minutes, failed
        minutes += 1
        last.append(minute[1])
        if minutes % _ARGO_INTERVAL == 0:
            calls = sum(arm.calls for arm in last)
            failed += calls - sum(arm.failures for arm in last) < _ARGO_SUCCESS * calls
        return failed > _ARGO_FAILURE_LIMIT

    return rule


def growthbook() -> Rule:
    """The one-sided 95 % confidence sequence of the difference of failing people lies above 0."""
    alpha = log(2 * _ALPHA)
    rho2 = (-2 * alpha + log(-2 * alpha + 1)) / _GROWTHBOOK_TUNING

    def rule(minute: Minute) -> bool:
        v3, v4 = minute
        if not (v3.variance and v4.variance):
            return False
        variance = v4.variance / v4.people + v3.variance / v3.people
        people = v3.people + v4.people
        spread = people * rho2 + 1
        half = sqrt(variance * people * 2 * spread / (people**2 * rho2) * log(1 + sqrt(spread) / (2 * _ALPHA)))
        return v4.mean - v3.mean > half

    return rule


def statsig() -> Rule:
    """The two-sided 95 % mSPRT interval of the difference of failing people lies above 0."""

    def rule(minute: Minute) -> bool:
        v3, v4 = minute
        if not (v3.people and v4.people):
            return False
        variance = v3.variance / v3.people + v4.variance / v4.people
        mixing = _Z_TWO_SIDED**2 * (v3.variance + v4.variance) / (v3.people + v4.people)
        if not variance:
            return False
        whole = variance + mixing
        half = sqrt(variance * whole / mixing * (-2 * log(_ALPHA) - log(variance / whole)))
        return v4.mean - v3.mean > half

    return rule


RIVALS: dict[str, Callable[[], Rule]] = {
    "5 % in 5 min": five_percent,
    "z-test": z_test,
    "Flagger": flagger,
    "Argo Rollouts": argo,
    "GrowthBook": growthbook,
    "Statsig": statsig,
}
