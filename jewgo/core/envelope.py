"""The envelope of the v3 contract, in its exact key order."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def timestamp(now: datetime | None = None) -> str:
    """Return a moment as v3 writes it: ISO 8601 in UTC without an offset."""
    return (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None).isoformat()


def envelope(
    *,
    status: int,
    request_id: str,
    data: Any = None,
    message: str | None = None,
    meta: Mapping[str, Any] | None = None,
    top_level: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Wrap an answer: `data` and `message` only where given, `meta` always, then the copies that older apps read."""
    body: dict[str, Any] = {"success": status < 400, "timestamp": timestamp(), "status_code": status}
    if data is not None:
        body["data"] = data
    if message is not None:
        body["message"] = message
    body["meta"] = {**(meta or {}), "request_id": request_id}
    return body | dict(top_level or {})
