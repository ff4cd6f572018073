"""Conditional requests (RFC 9110 §13): entity tags that carry a version, If-Match and If-None-Match."""

import hashlib
import re
from typing import Final

from django.http import HttpRequest

from jewgo.core.errors import PreconditionFailed, PreconditionRequired

TAG: Final = re.compile(r'(W/)?"([^"]*)"')


def etag_for(version: int, body: bytes) -> str:
    """Return the tag of a thing: its version, which a change compares, and 8 hex digits of how it was shown."""
    return f'"{version}.{_digest(body)[:8]}"'


def list_etag(body: bytes) -> str:
    """Return the weak tag of a list: what it showed, since a list has no version."""
    return f'W/"{_digest(body)[:16]}"'


def not_modified(request: HttpRequest, etag: str) -> bool:
    """Say whether If-None-Match names `etag` as a whole (weak comparison) or anything at all (`*`)."""
    header = request.headers.get("If-None-Match", "")
    return header.strip() == "*" or _opaque(etag) in {opaque for _, opaque in TAG.findall(header)}


def require_match(request: HttpRequest, version: int) -> None:
    """Let a change pass only when If-Match names the stored version, the part of a tag before the dot, or is `*`.

    Raises `PreconditionRequired` (428) without the header, `PreconditionFailed` (412) when it names another version.
    A weak tag never matches (RFC 9110 §13.1.1).
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired(hint="Send If-Match with the ETag of the answer that you are changing.")
    versions = {opaque.partition(".")[0] for weak, opaque in TAG.findall(header) if not weak}
    if header != "*" and str(version) not in versions:
        raise PreconditionFailed(hint="Read it again, apply your change to what you get, and send its new ETag.")


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def _opaque(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')
