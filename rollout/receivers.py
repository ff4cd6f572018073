"""Who is told of alerts, and to which addresses a webhook may go: from the settings."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

EMAIL: Final = "email"
WEBHOOK: Final = "webhook"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

SHORTEST_SECRET: Final = 32

Receiver = tuple[str, str]
"""Channel and address."""


def receivers() -> list[Receiver]:
    """Return everybody who is told, each once."""
    told = settings.ROLLOUT["TELL"]
    everybody = [(EMAIL, address) for address in told["EMAILS"]] + [(WEBHOOK, url) for url in told["WEBHOOKS"]]
    return list(dict.fromkeys(everybody))


def fault_of(url: str, hosts: Collection[str], *, is_local: bool) -> str:
    """Say why nothing may be sent to this URL; empty when it may. `hosts` are exact names.

    HTTPS only; where `is_local`, plain HTTP to this machine too. Names no more than the host: the rest may be a secret.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "it is not a URL"
    if parts.scheme != "https" and not (is_local and parts.scheme == "http" and host in LOOPBACK):
        return f"{host or 'it'} is not reached by https"
    if parts.username is not None or parts.password is not None:
        return f"a password in the URL of {host} would not be sent"
    return "" if host in hosts else f"the host {host or '(none)'} is not in ALERT_WEBHOOK_HOSTS"
