"""What must be right before people have accounts; each finding has a stable id and says what to do."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.core.checks import Warning as CheckWarning


@register("users")
def mail(**_: Any) -> list[CheckMessage]:
    """Warn where no e-mail can be sent although this is no local installation."""
    if settings.LOCAL or settings.EMAIL_HOST:
        return []
    return [
        CheckWarning(
            "No e-mail is sent, so nobody can sign up, prove an address or reset a password.",
            hint="Set EMAIL_HOST, and EMAIL_USER and EMAIL_PASSWORD where it asks for them.",
            id="users.W001",
        )
    ]
