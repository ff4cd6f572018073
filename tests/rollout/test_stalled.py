"""A guard that has stopped is noticed by the workers, although it cannot say so itself."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from rollout import stalled
from rollout.alerts import reconcile
from rollout.models import Alert, Delivery, Guard
from tests.rollout.control import START

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def somebody_is_told(settings: Any) -> None:
    told = {**settings.ROLLOUT["TELL"], "EMAILS": ["ops@example.org", "night@example.org"]}
    settings.ROLLOUT = {**settings.ROLLOUT, "TELL": told}


@pytest.fixture
def guard() -> Guard:
    return Guard.objects.create(leader=uuid4(), host="web", pid=7, ticked_at=START)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def beat(now: datetime) -> bool:
    """Run the parts as a worker's heartbeat does; say whether it was the one who noticed."""
    whole = f"WITH told AS (SELECT %(now)s::timestamptz AS at), {stalled.REPORT} SELECT EXISTS (SELECT FROM opened)"
    with connection.cursor() as cursor:
        cursor.execute(whole, {"now": now, **stalled.values()})
        (noticed,) = cursor.fetchone()
    return bool(noticed)


def test_one_worker_raises_the_alert_and_everybody_is_told_once(guard: Guard) -> None:
    noticed = [beat(after(seconds)) for seconds in (30, 31, 32, 33)]

    alert = Alert.objects.get()
    assert noticed == [False, True, False, False]
    assert (alert.name, alert.severity, alert.opened_at) == ("guard_stalled", "critical", after(31))
    assert alert.message == "The guard web/7 has not looked since 2026-03-01 12:00:00 UTC."
    assert alert.details["guard"] == "web/7"
    assert [(one.event, one.target, one.next_at) for one in Delivery.objects.order_by("target")] == [
        ("opened", "night@example.org", after(31)),
        ("opened", "ops@example.org", after(31)),
    ]


def test_where_no_guard_ever_looked_none_is_missed() -> None:
    assert not beat(START)
    assert Alert.objects.count() == 0


def test_a_guard_that_looks_again_resolves_it(guard: Guard) -> None:
    beat(after(31))

    changes = reconcile([], after(90))

    assert [alert.name for alert in changes.resolved] == ["guard_stalled"]


def test_one_that_stalls_again_within_five_minutes_opens_the_same_alert_and_tells_nobody(guard: Guard) -> None:
    beat(after(31))
    reconcile([], after(90))
    Guard.objects.update(ticked_at=after(90))

    noticed = beat(after(130))

    alert = Alert.objects.get()
    assert (noticed, alert.resolved_at, alert.times) == (False, None, 2)
    assert set(Delivery.objects.values_list("event", flat=True)) == {"opened"}


def test_one_that_stalls_again_later_is_a_new_alert(guard: Guard) -> None:
    beat(after(31))
    reconcile([], after(90))

    assert beat(after(391))
    assert Alert.objects.count() == 2


def test_the_age_of_the_last_look_blocks_from_thirty_seconds_on(guard: Guard) -> None:
    ages = [stalled.guard_age(after(seconds)) for seconds in (1, 30, 31)]

    assert ages == [timedelta(seconds=seconds) for seconds in (1, 30, 31)]
    assert [stalled.is_stalled(age) for age in ages] == [False, False, True]


def test_without_a_guard_there_is_no_age() -> None:
    assert stalled.guard_age(START) is None
    assert not stalled.is_stalled(None)
