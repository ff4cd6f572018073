"""The rollout as Prometheus scrapes it: every number is one that the tables hold."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from rollout.services import RolloutService
from tests.rollout.api.callers import Caller
from tests.rollout.control import TERMS, guard_ticked, judged, worker
from tests.rollout.measured import SEARCH, sample

pytestmark = pytest.mark.django_db

FEATURE = "api_v4_restaurants"
CANDIDATE = {"feature": FEATURE, "operation": SEARCH, "arm": "candidate"}


def scraped(caller: Caller, **headers: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample by name and labels."""
    answer = caller.client.get("/metrics", secure=True, headers=headers)
    assert answer.status_code == 200, answer.content
    families = text_string_to_metric_families(answer.content.decode())
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(found: dict[Any, float], name: str, **labels: str) -> float:
    return found[f"jewgo_rollout_{name}", frozenset(labels.items())]


def test_the_counters_are_the_sums_of_all_that_was_recorded_no_call_twice(ops: Caller) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    sample(minute - timedelta(minutes=10), calls=7, failures=2, recovered=1, resolution_s=60)
    sample(minute - timedelta(minutes=10), calls=7, failures=2, recovered=1)  # the same calls, not yet deleted
    sample(minute - timedelta(seconds=1), calls=5, failures=1)

    found = scraped(ops)

    assert value(found, "calls_total", **CANDIDATE) == 12
    assert value(found, "failures_total", **CANDIDATE) == 3
    assert value(found, "recovered_total", **CANDIDATE) == 1


def test_durations_are_a_cumulative_histogram(ops: Caller) -> None:
    now = timezone.now()
    sample(now - timedelta(seconds=2), calls=3, ms=2)
    sample(now - timedelta(seconds=1), calls=1, ms=300)

    found = scraped(ops)

    assert value(found, "duration_seconds_bucket", **CANDIDATE, le="0.0032") == 3
    assert value(found, "duration_seconds_bucket", **CANDIDATE, le="0.2048") == 3
    assert value(found, "duration_seconds_bucket", **CANDIDATE, le="0.4096") == 4
    assert value(found, "duration_seconds_count", **CANDIDATE) == 4
    assert value(found, "duration_seconds_sum", **CANDIDATE) == pytest.approx(0.306)


def test_where_a_feature_stands_and_what_the_guard_thinks(ops: Caller, service: RolloutService) -> None:
    service.start(["api_v4_enabled", FEATURE], **TERMS)
    service.set_percentage(10, ["api_v4_enabled", FEATURE], **TERMS)
    judged(FEATURE, timezone.now(), evidence=41.5)

    found = scraped(ops)

    assert value(found, "stage", feature=FEATURE, stage="partial") == 1
    assert value(found, "stage", feature=FEATURE, stage="full") == 0
    assert value(found, "share", feature=FEATURE) == pytest.approx(0.1)
    assert value(found, "verdict", feature=FEATURE, verdict="hold", reason="not_enough_evidence") == 1
    assert value(found, "evidence", feature=FEATURE) == 41.5


def test_workers_guard_and_version(ops: Caller) -> None:
    worker(1)
    worker(2, version=0)
    guard_ticked(timezone.now() - timedelta(seconds=40))

    found = scraped(ops)

    assert value(found, "workers", state="current") == 1
    assert value(found, "workers", state="behind") == 1
    assert 40 <= value(found, "guard_age_seconds") < 60


def test_openmetrics_is_answered_where_it_is_asked_for(ops: Caller) -> None:
    answer = ops.client.get("/metrics", secure=True, headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


def test_the_queries_do_not_grow_with_operations(ops: Caller) -> None:
    scraped(ops)  # the first call of a key notes when it was last used
    counts = []
    for number in (1, 40):
        for index in range(number):
            sample(timezone.now() - timedelta(seconds=index), operation=f"restaurants.op{index}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            scraped(ops)
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize(("scopes", "status"), [((), 401), (("catalog:write",), 403), (("rollout:read",), 200)])
def test_only_who_may_read_the_rollout_may_scrape(scopes: tuple[str, ...], status: int) -> None:
    assert Caller(*scopes).client.get("/metrics", secure=True).status_code == status
