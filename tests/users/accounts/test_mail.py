"""E-mails that cannot be sent."""

import logging
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.mail.backends.base import BaseEmailBackend

from tests.users.accounts.app import PASSWORD, App, errors, person

pytestmark = pytest.mark.django_db


class Refusing(BaseEmailBackend):
    """A mail server that refuses, and quotes whom."""

    def send_messages(self, messages: Any) -> int:
        raise OSError(f"no mailbox for {messages[0].to}")


@pytest.fixture(autouse=True)
def no_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"


@pytest.mark.parametrize("email", ["dana@example.com", "nobody@example.com"])
def test_without_a_mail_server_asking_for_a_code_is_503_and_the_log_names_nobody(
    email: str, caplog: pytest.LogCaptureFixture
) -> None:
    person("dana@example.com")

    with caplog.at_level(logging.DEBUG):
        answer = App().ask_for_reset(email)

    assert (answer.status_code, errors(answer)) == (503, ["mail_unavailable"])
    assert email not in " ".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)


def test_what_only_informs_does_not_fail_with_the_mail_server() -> None:
    person()
    app = App()
    app.log_in("dana@example.com")

    answer = app.send(
        "POST", "account/password/change", {"current_password": PASSWORD, "new_password": "staple battery"}
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("local", "host", "found"), [(True, "", []), (False, "mail.example.com", []), (False, "", ["users.W001"])]
)
def test_users_w001_a_service_that_cannot_send_mail_says_so(
    local: bool, host: str, found: list[str], settings: Any
) -> None:
    settings.LOCAL, settings.EMAIL_HOST = local, host

    assert [message.id for message in run_checks(tags=["users"])] == found
