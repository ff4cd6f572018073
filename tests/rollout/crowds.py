"""People who fail, for the tests of the judgement."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

from rollout.eligibility import Arm
from rollout.evidence import ALL_OPERATIONS, AttemptEvidence, FirstFailure, Metric
from rollout.mixture import exp, log_mean_exp, theta, worse
from rollout.processes import Process, Schedule
from rollout.stream import Stream, Weighed

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
V4, V3 = Arm.CANDIDATE, Arm.CONTROL
OPERATIONS = ("restaurants.search", "restaurants.detail")


def at(minute: float) -> datetime:
    return START + minute * MINUTE


def failure(
    identity: str,
    arm: Arm,
    share: float,
    *,
    minute: float = 0,
    epoch: int = 0,
    metric: Metric = Metric.FAILURES,
    operation: str = OPERATIONS[0],
) -> FirstFailure:
    return FirstFailure(identity, arm, share, at(minute), metric, operation, epoch)


def crowd(
    arm: Arm, count: int, share: float, *, name: str = "", minute: float = 0, epoch: int = 0
) -> list[FirstFailure]:
    return [failure(f"{name or arm}:{n}", arm, share, minute=minute, epoch=epoch) for n in range(count)]


def after(failures: Iterable[FirstFailure], operations: Sequence[str] = OPERATIONS) -> AttemptEvidence:
    return AttemptEvidence.replayed(operations, failures)


def alone(tolerance: float) -> Schedule:
    return [Process(0, START, 1.0, tolerance)]


def weighed(evidence: AttemptEvidence, begun: Schedule) -> tuple[Weighed, ...]:
    """Return what the processes say of failures in all operations."""
    return evidence._streams[Metric.FAILURES, ALL_OPERATIONS].weigh(begun)


def strongest(stream: Stream, at_present: Schedule) -> tuple[float, int, int]:
    """Return E, and the epoch and the people of the process that holds it."""
    found = [
        (stream.weight * one.process.weight * exp(one.log_mixture), one.process.epoch, one.candidate + one.control)
        for one in stream.weigh(at_present)
    ]
    return max(found)


# Fairness: exact enumeration over all ways in which the slots can fall


def expectation(shares: Sequence[float], ratio: float, value: Callable[[tuple[Arm, ...]], float]) -> float:
    """Return the mean of `value` when each failing person is on v4 with the chance θ(ratio)."""
    chances = [theta(ratio, share) for share in shares]
    return math.fsum(
        math.prod(chance if arm is V4 else 1 - chance for arm, chance in zip(arms, chances, strict=True)) * value(arms)
        for arms in product(Arm, repeat=len(shares))
    )


def path(arms: Sequence[Arm], shares: Sequence[float], tolerance: float) -> list[float]:
    """Return M after each person."""
    terms = [0.0] * 8
    found = []
    for arm, share in zip(arms, shares, strict=True):
        terms = [have + more for have, more in zip(terms, worse(arm, share, tolerance), strict=True)]
        found.append(exp(log_mean_exp(terms)))
    return found
