"""Who is told, and a mail server that listens."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.rollout.receiver import SECRET, MailReceiver


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
