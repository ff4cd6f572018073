"""The edge of the account routes: what is read at all, how often, and in which shape a refusal is said."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from django.db import IntegrityError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from jewgo.core.api.wire import JsonParser, MalformedBody
from jewgo.core.errors import Conflict
from jewgo.core.pages import failed
from jewgo.core.problems import contract_of, translate
from users.accounts.limits import CODES, NETWORK, neighbourhood

PREFIX: Final = "/accounts/"
TRIED: Final = ("X-Email-Verification-Key", "X-Password-Reset-Key")
"""Headers in which a GET may try a code."""
WITH_A_SECRET: Final = ("/auth/email/verify", "/auth/password/reset", "/account/password/change", "/confirm-email/")
"""Routes that take a code or a password by which one session could try many."""


class AccountRoutesMiddleware:
    """Stands behind django-allauth's own middleware, and does nothing on any other route."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, arguments: Sequence[Any], named: Mapping[str, Any]
    ) -> HttpResponseBase | None:
        """Count the attempt and look at the body before django-allauth sees either."""
        if not request.path_info.startswith(PREFIX) or not _tries_something(request):
            return None
        try:
            NETWORK.spend(neighbourhood(request))
            if request.path_info.endswith(WITH_A_SECRET):
                CODES.spend(_session_of(request))
            if contract_of(request.path_info) == "accounts":
                _check(request.body)
        except Exception as error:  # noqa: BLE001 -- only those with a meaning are answered here
            return self.process_exception(request, error)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Answer a failure that has a meaning, in the shape of the route."""
        # A unique constraint decided a race that django-allauth does not know of.
        meaning = Conflict() if isinstance(error, IntegrityError) else translate(error)
        if meaning is None or not request.path_info.startswith(PREFIX):
            return None
        return failed(request, meaning)


def _tries_something(request: HttpRequest) -> bool:
    return request.method not in {"GET", "HEAD", "OPTIONS"} or any(name in request.headers for name in TRIED)


def _session_of(request: HttpRequest) -> str:
    """Return what the attempts of one session are counted by: an app's token, a page's cookie."""
    return str(request.headers.get("X-Session-Token") or request.session.session_key or "")


def _check(body: bytes) -> None:
    """Raise `MalformedBody` for what django-allauth would stumble over; no body at all is its own affair."""
    if body and not isinstance(JsonParser().parse(BytesIO(body)), dict):
        raise MalformedBody("The body is not a JSON object")
