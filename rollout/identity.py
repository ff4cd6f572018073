"""Who is calling, as one opaque string, and where that string came from."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jewgo.core.addresses import address_of, network_of

DEVICE_COOKIE = "jewgo_device"
DEVICE_COOKIE_AGE_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie (RFC 6265bis, 400 days)."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_DEVICE = frozenset({str(uuid.UUID(int=0)), str(uuid.UUID(int=2**128 - 1))})
"""Nil and Max (RFC 9562) name nobody: a client that sends one would share its arm with every other such client."""

Source = Literal["user", "key", "cookie", "header", "network"]


@dataclass(frozen=True, slots=True)
class Identity:
    """The targeting key, and which part of the request it was read from."""

    key: str
    source: Source

    def __str__(self) -> str:
        return self.key


def identify(request: HttpRequest) -> Identity:
    """Return who calls: a service key, else a person, else a device, else a network. Never a header that names a user.

    Remembered on the request until authentication puts another user or credential on it. Reads no table by itself,
    but evaluates `request.user`, which for a session is a query.
    """
    request = unwrapped(request)
    user, auth = getattr(request, "user", None), getattr(request, "auth", None)
    memo = getattr(request, "_rollout_identity", None)
    if memo is not None and memo[0] is user and memo[1] is auth:
        found: Identity = memo[2]
        return found
    found = _principal(user, auth) or _device(request) or _network(request)
    request._rollout_identity = (user, auth, found)  # type: ignore[attr-defined]
    return found


def unwrapped(request: HttpRequest) -> HttpRequest:
    """Return Django's request, which DRF wraps: what is noted on it, middleware can read."""
    inner: HttpRequest = getattr(request, "_request", request)
    return inner


def offer_device(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set a new device cookie on the answer when the request named no device; it counts once it comes back."""
    if _device(request) is None:
        response.set_cookie(
            DEVICE_COOKIE,
            sign_device(str(uuid.uuid4())),
            max_age=DEVICE_COOKIE_AGE_S,
            httponly=True,
            secure=True,
            samesite="Lax",
        )


def sign_device(device_id: str) -> str:
    """Return the cookie's value for a device id of ours."""
    return _signer().sign(device_id)


_bound: ContextVar[HttpRequest | Identity | None] = ContextVar("rollout_caller", default=None)


@contextmanager
def bind(caller: HttpRequest | Identity) -> Iterator[None]:
    """Make `caller` the current one inside the block; a request is asked anew each time, so authentication counts."""
    token = _bound.set(caller)
    try:
        yield
    finally:
        _bound.reset(token)


def current() -> Identity | None:
    """Return who is being served here, or None outside a request."""
    caller = _bound.get()
    return identify(caller) if isinstance(caller, HttpRequest) else caller


def _principal(user: Any, auth: Any) -> Identity | None:
    key = getattr(auth, "targeting_key", None)
    if key is not None:
        return Identity(str(key), "key")
    if user is not None and user.is_authenticated:
        return Identity(f"u:{user.pk}", "user")
    return None


def _device(request: HttpRequest) -> Identity | None:
    """Return the device that the request names: the header first, since a client that sends one means it."""
    header = request.headers.get("X-Device-ID", "").strip().lower()
    if _is_device(header):
        return Identity(f"d:{header}", "header")
    try:
        cookie = _signer().unsign(request.COOKIES.get(DEVICE_COOKIE, ""))
    except BadSignature:
        return None
    return Identity(f"d:{cookie}", "cookie") if _is_device(cookie) else None


def _is_device(text: str) -> bool:
    return _UUID.fullmatch(text) is not None and text not in _NO_DEVICE


def _signer() -> Signer:
    """Return the signer of device cookies; with the slots' own secret, so that ids live as long as slots do."""
    return Signer(key=settings.ROLLOUT["SECRET"], salt="rollout.device")


def _network(request: HttpRequest) -> Identity:
    where = network_of(address_of(request), v4=24, v6=48)  # so wide that no single person is told apart by it
    seen = f"{where}\n{request.headers.get('User-Agent', '')}"
    key = blake2b(settings.ROLLOUT["SECRET"].encode(), person=b"jewgo-network").digest()
    return Identity(f"n:{blake2b(seen.encode(errors='replace'), key=key, digest_size=16).hexdigest()}", "network")
