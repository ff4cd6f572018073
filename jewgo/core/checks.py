"""What must be right before the service is opened to people; each finding has a stable id and says what to do."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register
from django.core.checks import Warning as CheckWarning


@register("limits", deploy=True)
def addresses(**_: Any) -> list[CheckMessage]:
    """Warn where everybody who is not known would be counted as one: all come from the proxy's address."""
    is_proxied = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    if not is_proxied or settings.TRUSTED_PROXIES or not settings.LIMITS["RATES"].get("anonymous"):
        return []
    return [
        CheckWarning(
            "The service stands behind a proxy, and the limit of unknown callers goes by the proxy's address.",
            hint="Set TRUSTED_PROXIES to how many proxies of yours append to X-Forwarded-For, or LIMIT_ANONYMOUS=off.",
            id="core.W001",
        )
    ]
