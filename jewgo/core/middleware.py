"""What happens to every request: an id, and one line in the access log."""

import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

import uuid_utils
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

Handler = Callable[[HttpRequest], HttpResponseBase]

ACCEPTED_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
PROBES: Final = frozenset({"livez", "readyz"})
"""Routes that machines ask every few seconds; their lines are for who asks for DEBUG."""

access_log = logging.getLogger("jewgo.access")

request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Return the id of the request being answered, "" outside one."""
    return request_id.get()


class RequestIdMiddleware:
    """Give every request an id: the caller's own where it is well formed, else a UUIDv7; echo it in X-Request-ID."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        offered = request.headers.get("X-Request-ID", "")
        own = offered if ACCEPTED_ID.fullmatch(offered) else str(uuid_utils.uuid7())
        request.request_id = own  # type: ignore[attr-defined]  # where code that holds the request looks for it
        token = request_id.set(own)
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = own
            return response
        finally:
            request_id.reset(token)


class AccessLogMiddleware:
    """Write one line per request: what was asked for and how it went, nothing about who asked.

    The route's template stands in for the path, and the query string is left out: both may carry personal data.
    """

    def __init__(self, get_response: Handler, clock: Callable[[], float] = time.perf_counter) -> None:
        self.get_response = get_response
        self.clock = clock

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        start = self.clock()
        response = self.get_response(request)
        fields = self._fields(request, response, self.clock() - start)
        access_log.log(
            logging.DEBUG if fields["route"] in PROBES else logging.INFO, "request", extra={"fields": fields}
        )
        return response

    @staticmethod
    def _fields(request: HttpRequest, response: HttpResponseBase, seconds: float) -> dict[str, object]:
        match = request.resolver_match
        fields: dict[str, object] = {
            "method": request.method,
            "route": match.route if match else None,
            "status": response.status_code,
            "duration_ms": round(seconds * 1000, 2),
        }
        served = response.headers.get("X-JewGo-Served-By")
        if served:
            fields["served_by"] = served
        if isinstance(response, HttpResponse):
            fields["bytes"] = len(response.content)
        return fields
