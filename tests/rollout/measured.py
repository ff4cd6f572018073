"""What workers and guard would have stored, for the tests of what is made of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from rollout.histogram import bucket
from rollout.models import Alert, Failure, Flag, Guard, HealthSample, Judgement, Look
from tests.rollout.control import START

SEARCH, DETAIL = "restaurants.search", "restaurants.detail"


def sample(
    at: datetime,
    arm: str = "candidate",
    *,
    calls: int = 10,
    feature: str = "api_v4_restaurants",
    operation: str = SEARCH,
    ms: float = 20,
    resolution_s: int = 1,
    **counted: int,
) -> HealthSample:
    """Store the calls of one span; each took `ms`."""
    counts = (
        dict.fromkeys(("eligible", "client_errors", "failures", "recovered", "breaker", "bulkhead", "lost"), 0)
        | counted
    )
    return HealthSample.objects.create(
        resolution_s=resolution_s,
        at=at,
        feature=feature,
        operation=operation,
        arm=arm,
        calls=calls,
        total_ms=calls * ms,
        buckets=[bucket(ms)],
        counts=[calls],
        **counts,
    )


def failure(identity: str, arm: str = "candidate", *, at: datetime = START, **columns: Any) -> Failure:
    """Store that somebody failed in the first attempt."""
    told = {
        "feature": "api_v4_restaurants",
        "attempt": 1,
        "metric": "failures",
        "operation": SEARCH,
        "epoch": 0,
        "share": 0.1,
        "fingerprint": "9f8e7d6c5b4a",
        "place": "restaurants/services.py:41 in search",
        "request_id": f"req-{identity}",
    }
    return Failure.objects.create(identity=identity, arm=arm, at=at, **{**told, **columns})


def looked(count: int, *, feature: str = "api_v4_restaurants", verdict: str = "hold", until: datetime = START) -> None:
    """Store the guard's look of every minute up to `until`, with growing evidence."""
    Look.objects.bulk_create(
        Look(
            feature=feature,
            attempt=1,
            at=until - timedelta(minutes=count - 1 - number),
            verdict=verdict,
            reason="not_enough_evidence",
            evidence=float(number),
            excess=0.0,
            proof=None,
            share=0.1,
        )
        for number in range(count)
    )


def judged(feature: str = "api_v4_restaurants", *, at: datetime = START, **columns: Any) -> Judgement:
    """Store what the guard thinks of the feature's present attempt."""
    flag = Flag.objects.named(feature)
    told = {
        "attempt": flag.attempt,
        "flag_version": flag.version,
        "verdict": "hold",
        "reason": "not_enough_evidence",
        "sentence": "Not enough evidence.",
        "evidence": 3.25,
        "document": {},
    }
    return Judgement.objects.create(flag=flag, at=at, **{**told, **columns})


def alarmed(name: str = "high_error_rate", *, at: datetime = START, **columns: Any) -> Alert:
    """Store an alert that is open."""
    told = {"feature": "api_v4_restaurants", "severity": "critical", "message": "v4 fails too often.", "seen_at": at}
    return Alert.objects.create(name=name, opened_at=at, **{**told, **columns})


def guarded(at: datetime) -> Guard:
    """Store that the guard looked at this time."""
    return Guard.objects.create(leader=uuid4(), host="web", pid=9, ticks=7, ticked_at=at)
