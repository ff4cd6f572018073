"""What a guard remembers is what the tables hold, after whatever happened in whatever order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from rollout import snapshot
from rollout.guard import Evaluator, Tick
from rollout.guard.evaluator import LEASE
from rollout.models import FailureReport, Flag, SightingReport
from rollout.services import RolloutService
from tests.rollout.control import TERMS
from tests.rollout.guard.traffic import FEATURE, OPERATION, Guarded, under_way

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROOT, OTHER = "api_v4_enabled", "api_v4_reviews"

pytestmark = pytest.mark.django_db

reported = st.tuples(
    st.sampled_from(["seen", "failures", "failures", "slow", "p95"]),
    st.integers(0, 3),
    st.sampled_from([FEATURE, OTHER]),
    st.integers(0, 9).map(lambda seconds: seconds / 3),
)
happened = st.one_of(
    reported,
    st.tuples(st.just("tick"), st.sampled_from([1, 40, 61, 3000])),
    st.tuples(st.just("move"), st.sampled_from([10, 20, 30])),
    st.tuples(st.just("again"), st.just(OTHER)),
)


FAILS = ("failures", 1, OTHER, 0.0)
FAILS_WITHIN_AN_EPOCH = [FAILS, ("tick", 1), ("move", 20), FAILS]
FAILS_IN_THE_NEXT_ATTEMPT = [FAILS, ("tick", 1), ("again", OTHER), ("tick", 1), FAILS]


@example(FAILS_WITHIN_AN_EPOCH)
@example(FAILS_IN_THE_NEXT_ATTEMPT)
@examples(max_examples=30, deadline=None)
@given(st.lists(happened, min_size=6, max_size=20))
def test_what_is_in_memory_is_what_a_fresh_guard_reads_from_the_tables(events: list[Any]) -> None:
    with transaction.atomic():
        guarded = under_way(NOW, ROOT, FEATURE, OTHER)
        for event in events:
            _happen(event, guarded)
        known = _weighed(guarded.tick())
        guarded.now += LEASE
        fresh = _weighed(Evaluator().tick(guarded.now))
        transaction.set_rollback(True)

    assert known == fresh


def _happen(event: Any, guarded: Guarded) -> None:
    match event:
        case ("tick", seconds):
            guarded.tick(seconds=seconds)
        case ("move", percentage):
            guarded.now += timedelta(seconds=1)
            RolloutService(lambda: guarded.now).set_percentage(percentage, [ROOT, FEATURE, OTHER], **TERMS)
        case ("again", name):
            service = RolloutService(lambda: guarded.now)
            service.rollback(name, **TERMS)
            service.start(name, **TERMS)
            service.set_percentage(10, name, **TERMS)
        case (what, number, name, seconds_ago):
            _reported(what, number, name, guarded.now - timedelta(seconds=seconds_ago))


def _reported(what: str, number: int, name: str, at: datetime) -> None:
    """Store what a worker would have, by the view that it has."""
    who = f"u:{number}"
    decision = snapshot.current().decide(name, who)
    row = {
        "at": at,
        "feature": name,
        "attempt": Flag.objects.get(name=name).attempt,
        "identity": who,
        "arm": decision.arm.value,
        "share": decision.share,
    }
    if what == "seen":
        SightingReport.objects.create(**row)
    else:
        operation = {FEATURE: OPERATION, OTHER: "reviews.list"}[name]
        FailureReport.objects.create(**row, operation=operation, metric=what)


def _weighed(ticked: Tick) -> dict[str, Any]:
    """Return what the attempts say of the same moment, by the same processes."""
    return {
        one.desk.name: (
            one.desk.attempt.weigh(one.desk.schedule, one.desk.limits, NOW + timedelta(days=1)),
            one.desk.attempt.people,
            one.desk.attempt.reached,
            one.desk.attempt.rows,
        )
        for one in ticked.opinions
    }
