"""Messages that do not arrive: tried again, later and later, and given up."""

from datetime import datetime
from typing import Any

import pytest

from rollout.alerts import reconcile
from rollout.models import Delivery
from rollout.news import NotDelivered
from rollout.outbox import GIVEN_UP_AFTER, MOST_TRIES, Delivered, pause
from rollout.receivers import receivers
from tests.rollout.control import START
from tests.rollout.outbox.world import CPU, after, only, send

pytestmark = pytest.mark.django_db


class TestPatience:
    """How long the outbox tries."""

    def test_the_pauses_grow_to_ten_minutes(self) -> None:
        assert [pause(tries, 0).total_seconds() for tries in range(1, 8)] == [1, 4, 16, 64, 256, 600, 600]
        assert pause(1, 1).total_seconds() == 1.25

    def test_after_twelve_tries_it_is_given_up(self, tell: Any) -> None:
        tell(EMAILS=["ops@example.org"])
        reconcile([CPU], START)

        seconds, done = 0.0, Delivered(0, 0, 1, START)
        while done.next_at is not None:
            seconds = (done.next_at - START).total_seconds()
            done = send(seconds, transports={"email": fails})

        assert (only().attempts, only().given_up_at, done.waiting) == (MOST_TRIES, after(seconds), 0)

    def test_after_a_day_it_is_given_up_but_tried_once(self, tell: Any) -> None:
        tell(EMAILS=["ops@example.org"])
        reconcile([CPU], START)

        send(GIVEN_UP_AFTER.total_seconds(), transports={"email": fails})

        assert (only().attempts, only().given_up_at is not None) == (1, True)

    def test_a_transport_that_breaks_stops_nobody_elses_message(self, tell: Any) -> None:
        def breaks(delivery: Delivery, now: datetime) -> None:
            if delivery.target == "a@example.org":
                raise KeyError("a bug")

        tell(EMAILS=["a@example.org", "b@example.org"])
        reconcile([CPU], START)

        done = send(transports={"email": breaks})

        assert (done.sent, done.failed) == (1, 1)
        assert Delivery.objects.get(target="a@example.org").last_error == "KeyError: 'a bug'"

    def test_no_end_is_told_before_its_beginning(self, tell: Any) -> None:
        told: list[str] = []

        def keeps(delivery: Delivery, now: datetime) -> None:
            told.append(delivery.event)

        tell(EMAILS=["ops@example.org"])
        reconcile([CPU], START)
        for seconds in (0, 1, 5, 21, 85):
            send(seconds, transports={"email": fails})
        reconcile([], after(85))
        send(341, transports={"email": fails})
        waits = send(385, transports={"email": keeps})
        send(941, transports={"email": keeps})

        assert waits.sent == 0
        assert told == ["opened", "resolved"]


def fails(delivery: Delivery, now: datetime) -> None:
    raise NotDelivered("not now")


def test_everybody_is_told_once_however_often_they_are_named(tell: Any) -> None:
    tell(EMAILS=["ops@example.org", "ops@example.org"], WEBHOOKS=["https://hooks.example.org/x"])

    assert receivers() == [("email", "ops@example.org"), ("webhook", "https://hooks.example.org/x")]
