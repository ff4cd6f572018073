"""Who follows a change: live, behind, unconfirmed, gone."""

import threading

import pytest
from django.db import connections

from rollout.models import Worker
from rollout.propagation import control_version, propagation, wait_until_applied
from rollout.services import RolloutService
from tests.rollout.control import TERMS, worker

pytestmark = pytest.mark.django_db


def test_workers_that_all_follow_are_counted_in_one_sentence() -> None:
    RolloutService().start("api_v4_enabled", **TERMS)
    for pid in (1, 2):
        worker(pid)

    seen = propagation()

    assert seen.is_done
    assert str(seen).startswith(f"2/2 workers on version {control_version()}, slowest 0.")


def test_a_worker_behind_is_named() -> None:
    worker(1)
    worker(2, version=control_version() - 1)

    seen = propagation()

    assert not seen.is_done
    assert "1/2 workers" in str(seen)
    assert "behind: web/2" in str(seen)


def test_a_worker_whose_lease_ran_out_is_unconfirmed_even_on_the_version() -> None:
    worker(1, seen_s_ago=6)

    seen = propagation()

    assert not seen.is_done
    assert [one.name for one in seen.unconfirmed] == ["web/1"]
    assert "unconfirmed, not heard from for over 5 s: web/1" in str(seen)


def test_after_a_minute_it_is_gone_and_not_waited_for() -> None:
    worker(1)
    worker(2, seen_s_ago=61)

    seen = propagation()

    assert seen.is_done
    assert len(seen.workers) == 1


def test_without_a_worker_there_is_nobody_to_wait_for() -> None:
    seen = propagation()

    assert seen.is_done
    assert str(seen) == f"no worker is running; whichever starts will begin with version {control_version()}"


def test_a_worker_that_started_after_the_change_says_nothing_of_how_long_it_took() -> None:
    worker(1, started_s_ago=0)

    seen = propagation()

    assert seen.slowest_s is None
    assert seen.is_done


def test_what_environments_force_is_told() -> None:
    one = worker(1)
    Worker.objects.filter(pk=one.pk).update(forces={"ROLLOUT_FORCE_ALL": "off"})

    assert propagation().forces == {"web/1": {"ROLLOUT_FORCE_ALL": "off"}}


def test_waiting_ends_when_the_time_is_over() -> None:
    worker(1, version=0)
    times = iter([0.0, 1.0, 2.0, 3.0])

    seen = wait_until_applied(control_version(), 2.5, sleep=lambda _: None, clock=lambda: next(times))

    assert not seen.is_done


def test_a_worker_that_leaves_is_not_waited_for() -> None:
    one = worker(1, version=0)

    Worker.objects.leave(one.pk)

    assert propagation().is_done


@pytest.mark.django_db(transaction=True)
def test_waiting_ends_as_soon_as_the_last_worker_has_applied_it() -> None:
    one = worker(1)
    made = RolloutService().start("api_v4_enabled", **TERMS)

    def apply() -> None:
        try:
            Worker.objects.filter(pk=one.pk).update(version=made.control_version)
        finally:
            connections.close_all()

    late = threading.Timer(0.2, apply)
    late.start()
    seen = wait_until_applied(made.control_version, 10)
    late.join()

    assert seen.is_done


def test_a_report_names_the_version_that_workers_have_to_reach() -> None:
    made = RolloutService().start("api_v4_enabled", **TERMS)

    assert made.control_version == control_version()
