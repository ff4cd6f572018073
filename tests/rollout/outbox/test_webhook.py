"""Webhooks: signed, to listed hosts only, and as the documentation says."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rollout import webhook
from rollout.alert_kinds import Kind
from rollout.alerts import reconcile
from rollout.models import Alert, Delivery
from rollout.outbox import TRANSPORTS, Delivered
from rollout.receivers import fault_of
from tests.rollout.control import START
from tests.rollout.outbox.world import CPU, after, only, send
from tests.rollout.receiver import SECRET, listening

pytestmark = pytest.mark.django_db


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


class TestDocumentation:
    """docs/alerts.md is what a receiver is written from."""

    def test_the_code_that_verifies_a_signature_does(self) -> None:
        page = Path(__file__).parents[3] / "docs" / "alerts.md"
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
        page = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text()

        assert [kind for kind in Kind if f"| `{kind}` |" not in page] == []
