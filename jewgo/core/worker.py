"""The server's worker, which refuses what is no request as the contracts do: JSON, with a code and what to do next.

Such a request never reaches Django: its line is too long, its headers are, or it is not HTTP. gunicorn's own worker
answers HTML and logs the caller's address with a part of what was sent; this one logs what kind of thing was wrong.
"""

import contextlib
import logging
import socket
import time
from http import HTTPStatus
from typing import Any, Final

import orjson
import uuid_utils
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from jewgo.core.envelope import envelope
from jewgo.core.errors import InternalError, InvalidInput, JewgoError

DRAIN_S: Final = 0.2
DRAIN_BYTES: Final = 1024 * 1024
"""What a caller is still sending is read so far: closing on unread bytes would take the answer from them."""

logger = logging.getLogger(__name__)


class RequestLineTooLong(JewgoError):
    """The method, path and query are longer than a server takes; no list or text that we offer needs so much."""

    code, status, title = "request_line_too_long", 414, "The address is too long"


class HeadersTooLarge(JewgoError):
    """A header, or all of them, are larger than a server takes."""

    code, status, title = "headers_too_large", 431, "The headers are too large"


class MalformedRequest(InvalidInput):
    """What came is not HTTP as RFC 9112 has it."""

    code, title = "malformed_request", "This is not an HTTP request"


class ContractWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn's gthread worker with our refusals."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer what could not be read, and let go of the connection."""
        error = _meaning(exc)
        logger.log(
            logging.ERROR if error.status >= 500 else logging.INFO,
            "refused what is no request: %s",
            error.code,
            exc_info=exc if error.status >= 500 else None,
        )
        with contextlib.suppress(OSError):
            client.setblocking(True)
            client.settimeout(DRAIN_S)
            client.sendall(answer(error))
            client.shutdown(socket.SHUT_WR)
            _drain(client)


def answer(error: JewgoError) -> bytes:
    """Return a whole response that a client of either contract understands: the path is not known.

    The members of a problem (RFC 9457) beside those of v3's envelope.
    """
    request_id = str(uuid_utils.uuid7())
    problem = {
        "type": f"/api/v4/docs/errors#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "errors": [],
        "request_id": request_id,
        "retryable": error.retryable,
        "hint": error.hint,
    }
    body = orjson.dumps({**envelope(status=error.status, request_id=request_id, message=error.message), **problem})
    lines = [
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"X-Request-ID: {request_id}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _meaning(exc: Exception) -> JewgoError:
    if isinstance(exc, LimitRequestLine):
        return RequestLineTooLong(
            "Method, path and query together may hold 4,094 characters.",
            hint="Ask for fewer ids or a shorter text, or in several requests.",
        )
    if isinstance(exc, LimitRequestHeaders):
        return HeadersTooLarge("A header may hold 8,190 bytes, and there may be 100.", hint="Send fewer cookies.")
    if isinstance(exc, ParseException):
        return MalformedRequest(hint="Send HTTP/1.1 (RFC 9112), with every character of the path and query encoded.")
    return InternalError()


def _drain(client: socket.socket) -> None:
    """Read what is still coming, for a short while, until the caller has nothing more to say."""
    until, left = time.monotonic() + DRAIN_S, DRAIN_BYTES
    while left > 0 and time.monotonic() < until:
        read = len(client.recv(65536))
        if not read:
            return
        left -= read
