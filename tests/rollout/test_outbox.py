"""The outbox: every message arrives, once where the process lives, later where it must, and never elsewhere."""

import email
import queue
import re
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from rollout import webhook
from rollout.alert_kinds import Kind, Raised
from rollout.alerts import reconcile
from rollout.messenger import Messenger
from rollout.models import Alert, Delivery
from rollout.news import NotDelivered
from rollout.outbox import GIVEN_UP_AFTER, MOST_TRIES, TRANSPORTS, Delivered, deliver_due, pause, tell_now
from rollout.receivers import fault_of, receivers
from tests.rollout.control import START, python
from tests.rollout.receiver import SECRET, MailReceiver, listening

pytestmark = pytest.mark.django_db

CPU = Raised(Kind.HIGH_CPU, "CPU at 93 %", details={"cpu_percent": 93})
FAILS = Raised(Kind.HIGH_ERROR_RATE, "v4 fails\nBcc: everybody", feature="api_v4_users")


@pytest.fixture
def tell(settings: Any) -> Any:
    def tell(**who: Any) -> None:
        hosts = {"WEBHOOK_HOSTS": ["127.0.0.1"], "WEBHOOK_SECRET": SECRET}
        nobody: dict[str, list[str]] = {"EMAILS": [], "WEBHOOKS": []}
        settings.ROLLOUT = {**settings.ROLLOUT, "TELL": {**nobody, **hosts, **who}}

    return tell


@pytest.fixture
def mail(settings: Any, tell: Any) -> Iterator[MailReceiver]:
    with MailReceiver() as receiver:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", receiver.port, False
        yield receiver


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def send(seconds: float = 0, **how: Any) -> Delivered:
    """Deliver at so many seconds from the start, without chance."""
    return deliver_due(after(seconds), jitter=lambda: 0.0, **how)


def only() -> Delivery:
    return Delivery.objects.get()


class TestWebhook:
    """A real server on the loopback."""

    def test_what_was_opened_is_posted_signed_and_whole(self, tell: Any) -> None:
        with listening(204) as receiver:
            tell(WEBHOOKS=[receiver.url])
            reconcile([CPU], START)
            done = send()

        alert, delivery = Alert.objects.get(), only()
        assert done == Delivered(sent=1, failed=0, waiting=0)
        assert receiver.signed == [True]
        assert receiver.headers[0]["X-JewGo-Timestamp"] == str(int(START.timestamp()))
        assert receiver.headers[0]["Content-Type"] == "application/json"
        assert receiver.bodies == [
            {
                "id": delivery.pk,
                "event": "opened",
                "at": START.isoformat(),
                "alert_id": alert.pk,
                "name": "high_cpu",
                "feature": "",
                "severity": "warning",
                "message": "CPU at 93 %",
                "details": {"cpu_percent": 93},
            }
        ]
        assert (delivery.delivered_at, delivery.attempts, delivery.last_error) == (START, 1, "")

    def test_a_server_that_stumbles_is_asked_again_with_the_same_id(self, tell: Any) -> None:
        with listening(500, 200) as receiver:
            tell(WEBHOOKS=[receiver.url])
            reconcile([CPU], START)
            first, early, second = send(0), send(0.9), send(1)

        assert [(done.sent, done.failed, done.waiting) for done in (first, early, second)] == [
            (0, 1, 1),
            (0, 0, 1),
            (1, 0, 0),
        ]
        assert first.next_at == after(1)
        assert len({body["id"] for body in receiver.bodies}) == 1
        assert (only().attempts, only().last_error) == (2, "")

    def test_a_redirect_is_not_followed(self, tell: Any) -> None:
        with listening(302) as receiver:
            tell(WEBHOOKS=[receiver.url])
            reconcile([CPU], START)
            send()

        assert receiver.paths == ["/hook"]
        assert (only().delivered_at, only().given_up_at) == (None, None)
        assert only().last_error.startswith("answered 302: redirects are not followed")

    @pytest.mark.parametrize(("status", "is_given_up"), [(400, True), (410, True), (408, False), (429, False)])
    def test_a_refusal_for_good_is_given_up_at_once(self, tell: Any, status: int, is_given_up: bool) -> None:
        with listening(status) as receiver:
            tell(WEBHOOKS=[receiver.url])
            reconcile([CPU], START)
            done = send()

        assert (only().given_up_at is not None, done.waiting) == (is_given_up, int(not is_given_up))

    @pytest.mark.parametrize("dribbles", [False, True])
    def test_a_server_that_hangs_or_dribbles_is_left_when_time_is_over(self, tell: Any, dribbles: bool) -> None:
        def impatient(delivery: Delivery, now: datetime) -> None:
            webhook.send(delivery, now, deadline_s=0.2)

        with listening(0) as receiver:
            receiver.dribbles = dribbles
            tell(WEBHOOKS=[receiver.url])
            reconcile([CPU], START)
            done = send(transports={**TRANSPORTS, "webhook": impatient})

        assert (done.failed, only().delivered_at) == (1, None)
        assert only().last_error.startswith("no answer: TimeoutError")

    def test_a_host_that_is_not_allowed_any_more_hears_nothing(self, tell: Any) -> None:
        with listening(200) as receiver:
            tell(WEBHOOKS=[receiver.url])
            reconcile([CPU], START)
            tell(WEBHOOKS=[receiver.url], WEBHOOK_HOSTS=["hooks.example.org"])
            send()

        assert receiver.bodies == []
        assert (only().given_up_at, only().last_error) == (START, "the host 127.0.0.1 is not in ALERT_WEBHOOK_HOSTS")

    def test_nobody_there_is_a_failure_that_passes(self, tell: Any) -> None:
        with listening() as receiver:
            url = receiver.url
        tell(WEBHOOKS=[url])
        reconcile([CPU], START)

        assert (send().failed, only().given_up_at) == (1, None)

    @pytest.mark.parametrize(
        ("url", "is_local", "fault"),
        [
            ("https://hooks.example.org/x?y=1", False, ""),
            ("https://hooks.example.org:8443/x", False, ""),
            ("http://hooks.example.org/x", True, "hooks.example.org is not reached by https"),
            ("http://127.0.0.1:8000/x", True, ""),
            ("http://127.0.0.1:8000/x", False, "127.0.0.1 is not reached by https"),
            ("https://evil.example.org/x", False, "the host evil.example.org is not in ALERT_WEBHOOK_HOSTS"),
            ("https://hooks.example.org.evil.org/x", False, "the host hooks.example.org.evil.org is not in"),
            ("https://hooks.example.org@evil.org/x", False, "a password in the URL of evil.org"),
            ("https://hooks.example.org:x/", False, "it is not a URL"),
            ("ftp://hooks.example.org/x", False, "hooks.example.org is not reached by https"),
            ("hooks.example.org", False, "it is not reached by https"),
        ],
    )
    def test_only_named_hosts_are_spoken_to_and_only_in_secret(self, url: str, is_local: bool, fault: str) -> None:
        found = fault_of(url, ["hooks.example.org", "127.0.0.1"], is_local=is_local)

        assert found.startswith(fault)
        assert bool(found) == bool(fault)


class TestEmail:
    """A real mail server on the loopback."""

    def test_it_says_what_is_wrong_since_when_and_what_to_do(self, tell: Any, mail: MailReceiver) -> None:
        tell(EMAILS=["ops@example.org", "night@example.org"])
        reconcile([FAILS], START)

        done = send()

        assert done.sent == 2
        letters = [email.message_from_string(text) for text in mail.messages]
        assert sorted(str(letter["To"]) for letter in letters) == ["night@example.org", "ops@example.org"]
        assert {str(letter["Subject"]) for letter in letters} == {"[JewGo] CRITICAL: high_error_rate (api_v4_users)"}
        assert all(letter["Bcc"] is None and letter["Auto-Submitted"] == "auto-generated" for letter in letters)
        body = letters[0].get_payload()
        assert "v4 fails" in body
        assert "Since 2026-03-01 12:00:00 UTC" in body
        assert "manage.py rollback api_v4_users --reason" in body
        assert f"manage.py rollout acknowledge {Alert.objects.get().pk} --reason" in body

    def test_that_it_is_over_is_told_after_the_cool_down(self, tell: Any, mail: MailReceiver) -> None:
        tell(EMAILS=["ops@example.org"])
        reconcile([CPU], START)
        send()
        reconcile([], after(30))

        early, late = send(329), send(330)

        assert (early.sent, early.next_at, late.sent) == (0, after(330), 1)
        letter = email.message_from_string(mail.messages[-1])
        assert letter["Subject"] == "[JewGo] over: high_cpu"
        assert "Over since 2026-03-01 12:00:30 UTC." in letter.get_payload()

    def test_an_address_that_does_not_exist_is_given_up(self, tell: Any, mail: MailReceiver) -> None:
        tell(EMAILS=["nobody@example.org", "ops@example.org"])
        reconcile([CPU], START)

        done = send()

        assert (done.sent, done.failed, done.waiting) == (1, 1, 0)
        assert "no such user" in Delivery.objects.get(target="nobody@example.org").last_error

    def test_a_mail_server_that_is_away_is_asked_again(self, tell: Any, settings: Any, mail: MailReceiver) -> None:
        settings.EMAIL_PORT = 1
        tell(EMAILS=["ops@example.org"])
        reconcile([CPU], START)

        assert (send().failed, only().given_up_at) == (1, None)


class TestPastTheOutbox:
    """PostgreSQL is away: what is wrong cannot be stored, and has to be told."""

    def test_everybody_is_told_without_a_query(
        self, tell: Any, mail: MailReceiver, django_assert_num_queries: Any
    ) -> None:
        away = Raised(Kind.DATABASE, "PostgreSQL did not answer 3 probes in a row", details={"since": START})
        with listening(200) as receiver, django_assert_num_queries(0):
            tell(WEBHOOKS=[receiver.url], EMAILS=["ops@example.org", "nobody@example.org"])
            reached = tell_now(away, START)

        body, letter = receiver.bodies[0], email.message_from_string(mail.messages[0])
        assert reached == 2
        assert (body["id"], body["alert_id"], body["name"], receiver.signed) == (None, None, "database", [True])
        assert letter["Subject"] == "[JewGo] CRITICAL: database"
        assert "Bring PostgreSQL back." in letter.get_payload()
        assert "acknowledge" not in letter.get_payload()


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


class TestDocumentation:
    """docs/alerts.md is what a receiver is written from."""

    def test_the_code_that_verifies_a_signature_does(self) -> None:
        page = Path(__file__).parents[2] / "docs" / "alerts.md"
        (code,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
        written: dict[str, Any] = {}
        exec(compile(code, str(page), "exec"), written)
        body, timestamp = b'{"id": 1}', "1772366400"
        headers = {
            "X-JewGo-Timestamp": timestamp,
            "X-JewGo-Signature": webhook.signature(SECRET, timestamp, body),
        }

        def verdict(headers: Any = headers, body: bytes = body, now: float = 1772366400.0) -> Any:
            return written["is_from_jewgo"](SECRET.encode(), headers, body, now)

        assert verdict()
        assert not verdict(body=b'{"id": 2}')
        assert not verdict(now=1772366400.0 + 301)
        assert not verdict(headers={**headers, "X-JewGo-Timestamp": "1772366401"})
        assert not verdict(headers={**headers, "X-JewGo-Signature": "sha256=0"})

    def test_every_kind_of_alert_is_there(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()

        assert [kind for kind in Kind if f"| `{kind}` |" not in page] == []


def test_everybody_is_told_once_however_often_they_are_named(tell: Any) -> None:
    tell(EMAILS=["ops@example.org", "ops@example.org"], WEBHOOKS=["https://hooks.example.org/x"])

    assert receivers() == [("email", "ops@example.org"), ("webhook", "https://hooks.example.org/x")]
