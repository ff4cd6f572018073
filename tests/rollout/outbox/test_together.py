"""Several processes that deliver at once."""

import queue
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError

from rollout.alerts import reconcile
from rollout.messenger import Messenger
from rollout.models import Delivery
from rollout.outbox import Delivered
from tests.rollout.control import START, python
from tests.rollout.outbox.world import CPU, only
from tests.rollout.receiver import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
class TestTogether:
    """Several processes and threads."""

    def test_two_processes_at_once_send_each_message_once(self, tell: Any) -> None:
        code = (
            "import threading, time\n"
            "from datetime import datetime, UTC\n"
            "from rollout.outbox import deliver_due\n"
            "def slow(delivery, now):\n"
            "    print(delivery.pk, flush=True); time.sleep(0.02)\n"
            "deliver_due(datetime.now(UTC), {'email': slow})\n"
        )
        tell(EMAILS=[f"ops{number}@example.org" for number in range(40)])
        reconcile([CPU], START)

        both = [python(code), python(code)]
        said = [process.communicate(timeout=60) for process in both]

        sent = [int(line) for out, _ in said for line in out.split()]
        assert [err for _, err in said] == ["", ""]
        assert sorted(sent) == sorted(Delivery.objects.values_list("pk", flat=True))
        assert Delivery.objects.filter(delivered_at=None).count() == 0

    def test_the_messenger_sends_what_is_due_and_ends(self, tell: Any) -> None:
        with listening(200) as receiver:
            tell(WEBHOOKS=[receiver.url])
            reconcile([CPU], START)
            messenger = Messenger(clock=lambda: START)
            messenger.ring()
            messenger.join(30)

        assert (len(receiver.bodies), only().delivered_at) == (1, START)

    def test_a_messenger_waits_while_something_waits_and_ends_when_it_is_stopped(self) -> None:
        looked = threading.Event()

        def nothing_due(now: datetime) -> Delivered:
            looked.set()
            return Delivered(0, 0, waiting=1, next_at=now + timedelta(hours=1))

        messenger = Messenger(nothing_due, clock=lambda: START)
        messenger.ring()
        assert looked.wait(30)
        was_waiting = "rollout-messenger" in [thread.name for thread in threading.enumerate()]

        messenger.stop(30)

        assert was_waiting
        assert "rollout-messenger" not in [thread.name for thread in threading.enumerate()]

    def test_a_messenger_survives_an_outbox_that_cannot_be_read(self) -> None:
        tries: Iterator[Exception | Delivered] = iter([OperationalError("PostgreSQL is away"), Delivered(0, 0, 0)])
        looked: queue.Queue[object] = queue.Queue()

        def deliver(_: datetime) -> Delivered:
            answer = next(tries)
            looked.put(answer)
            if isinstance(answer, Exception):
                raise answer
            return answer

        messenger = Messenger(deliver)
        messenger.ring()
        looked.get(timeout=30)
        messenger.ring()
        second = looked.get(timeout=30)
        messenger.join(30)

        assert isinstance(second, Delivered)
