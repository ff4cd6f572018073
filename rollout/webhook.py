"""Webhooks: a signed POST to an address that is allowed, without redirects, over within seconds."""

import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from rollout.models import Delivery
from rollout.news import NotDelivered, payload
from rollout.receivers import fault_of

DEADLINE_S = 5.0
WORTH_REPEATING = frozenset({408, 425, 429})
"""The 4xx that say "later" (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4); any other says "never"."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what `X-JewGo-Signature` holds: HMAC-SHA256 over timestamp, a full stop, and the body."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def send(delivery: Delivery, now: datetime, *, deadline_s: float = DEADLINE_S) -> None:
    """Post the message; raises NotDelivered unless the answer is 2xx. Reads the answer's status, never its body."""
    told = settings.ROLLOUT["TELL"]
    if fault := fault_of(delivery.target, told["WEBHOOK_HOSTS"], is_local=settings.LOCAL):
        raise NotDelivered(fault, is_permanent=True)
    body = json.dumps(payload(delivery), cls=DjangoJSONEncoder, ensure_ascii=False).encode()
    timestamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "JewGo",
        "X-JewGo-Timestamp": timestamp,
        "X-JewGo-Signature": signature(told["WEBHOOK_SECRET"], timestamp, body),
        "Connection": "close",
    }
    try:
        status = _post(urlsplit(delivery.target), body, headers, deadline_s)
    except (OSError, HTTPException, ValueError) as error:
        raise NotDelivered(f"no answer: {type(error).__name__}: {error}") from error
    _judge(status)


def _post(url: SplitResult, body: bytes, headers: dict[str, str], deadline_s: float) -> int:
    place = url.hostname or "", url.port
    if url.scheme == "https":
        context = ssl.create_default_context()
        connection: HTTPConnection = HTTPSConnection(*place, timeout=deadline_s, context=context)
    else:
        connection = HTTPConnection(*place, timeout=deadline_s)
    with _cut_after(connection, deadline_s):
        connection.request("POST", url._replace(scheme="", netloc="", fragment="").geturl() or "/", body, headers)
        return connection.getresponse().status


@contextmanager
def _cut_after(connection: HTTPConnection, deadline_s: float) -> Iterator[None]:
    """End the connection when time is over, and raise TimeoutError.

    A receiver that sends a byte now and then would pass the timeout of every single read, and what it sent up to the
    cut looks whole.
    """
    is_cut = threading.Event()

    def cut() -> None:
        is_cut.set()
        with suppress(OSError):
            if connection.sock:
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(deadline_s, cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()
        if is_cut.is_set():
            raise TimeoutError(f"not within {deadline_s:g} s")


def _judge(status: int) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise NotDelivered(f"answered {status}: redirects are not followed; put the new address in ALERT_WEBHOOKS")
    is_permanent = 400 <= status < 500 and status not in WORTH_REPEATING
    raise NotDelivered(f"answered {status}", is_permanent=is_permanent)
