"""What a page of another origin may send us and read of our answers (the settings of django-cors-headers)."""

from typing import Final

ROUTES: Final = r"/(api|accounts/app|health)\b"
SENT: Final = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Device-ID",
    "X-Email-Verification-Key",
    "X-Password-Reset-Key",
    "X-Request-ID",
    "X-Session-Token",
)
READ: Final = (
    "Content-Disposition",
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Sunset",
    "X-JewGo-Served-By",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
)
