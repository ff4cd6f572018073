"""Attempts that are counted in PostgreSQL: exact with real connections, forgotten in time, nothing readable stored."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jewgo.core.limits.attempts import CLOCKS_APART, Taken, give_back, take
from jewgo.core.models import Attempts

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def at(seconds: float, key: str = "u:7", *, limit: int = 3, name: str = "login") -> Taken:
    """Take one of `limit` a minute, so many seconds after noon."""
    return take(name, key, limit=limit, window_s=60, now=NOON + timedelta(seconds=seconds))


@pytest.mark.django_db
def test_so_many_pass_and_the_next_is_told_how_long_to_wait() -> None:
    assert [at(0), at(10), at(20)] == [Taken(True, 2, 0), Taken(True, 1, 0), Taken(True, 0, 0)]
    assert at(20.5) == Taken(False, 0, 40)
    assert at(59.9) == Taken(False, 0, 1)
    assert at(60) == Taken(True, 0, 0)
    assert at(60) == Taken(False, 0, 10)


@pytest.mark.django_db
def test_an_attempt_that_is_given_back_makes_room_and_leaves_the_others_counted() -> None:
    for second in (0, 10, 20):
        at(second)

    give_back("login", "u:7", taken_at=NOON + timedelta(seconds=10))

    assert at(21) == Taken(True, 0, 0)
    assert at(22) == Taken(False, 0, 38)


@pytest.mark.django_db
def test_giving_back_what_was_never_taken_changes_nothing() -> None:
    give_back("login", "u:7", taken_at=NOON)

    assert at(0) == Taken(True, 2, 0)


@pytest.mark.django_db
def test_hammering_does_not_put_off_the_moment_of_relief() -> None:
    for second in (0, 0, 0, *range(1, 60)):
        at(second)

    assert at(60) == Taken(True, 2, 0)


@pytest.mark.django_db
def test_keys_and_names_are_counted_apart() -> None:
    for _ in range(4):
        at(0)

    assert at(0, "u:8").passed
    assert at(0, name="reset").passed
    assert not at(0).passed


@pytest.mark.django_db
def test_a_limit_that_was_lowered_waits_until_enough_are_over() -> None:
    for second in range(5):
        at(second, limit=5)

    assert at(5, limit=2) == Taken(False, 0, 58)
    assert at(63.5, limit=2) == Taken(True, 0, 0)


@pytest.mark.django_db
def test_the_table_tells_nobody_who_tried() -> None:
    at(0, "somebody@example.com")

    row = Attempts.objects.get()
    assert "somebody" not in row.digest
    assert len(row.digest) == 32


@pytest.mark.django_db
def test_what_is_over_goes_as_others_come() -> None:
    for number in range(25):
        at(0, f"old {number}")
    later = 60 + CLOCKS_APART.total_seconds() + 1

    for number in range(3):
        at(later, f"new {number}")

    assert Attempts.objects.count() == 3


@pytest.mark.django_db
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 30), min_size=1, max_size=40), st.integers(1, 5))
def test_no_stretch_as_long_as_the_window_holds_more_than_the_limit(gaps: list[float], limit: int) -> None:
    Attempts.objects.all().delete()
    second, passed = 0.0, []

    for gap in gaps:
        second = round(second + gap, 3)
        if at(second, limit=limit).passed:
            passed.append(second)

    assert all(later - first >= 60 for first, later in zip(passed, passed[limit:], strict=False))


@pytest.mark.django_db(transaction=True)
def test_sixteen_threads_let_exactly_the_limit_pass() -> None:
    def hammer(_: int) -> int:
        passed = sum(take("login", "a", limit=20, window_s=600, now=timezone.now()).passed for _ in range(50))
        connection.close()
        return passed

    with ThreadPoolExecutor(16) as crew:
        assert sum(crew.map(hammer, range(16))) == 20
