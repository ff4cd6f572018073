"""E-mail, and what is told past the outbox."""

import email
from typing import Any

import pytest

from rollout.alert_kinds import Kind, Raised
from rollout.alerts import reconcile
from rollout.models import Alert, Delivery
from rollout.outbox import tell_now
from tests.rollout.control import START
from tests.rollout.outbox.world import CPU, FAILS, after, only, send
from tests.rollout.receiver import MailReceiver, listening

pytestmark = pytest.mark.django_db


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
