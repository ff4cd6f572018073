"""The long goodbye of the v3 contract: Deprecation and Link on every answer, Sunset once set, then 410."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import http_date

from jewgo.core.errors import Gone
from jewgo.core.problems import contract_of, respond

FRESH_S: Final = 5.0
"""How soon a process notices that staff set another date."""
SURVIVORS: Final = ("/health", "/api/health/", "/api/docs", "/api/redoc", "/api/openapi.yaml")
"""Paths of v3 that outlive the contract: probes still point there, and people still look up what it was."""
DEFAULT_SUCCESSOR: Final = "/api/v4/docs"


class ContractRetired(Gone):
    """The v3 contract's Sunset has passed."""

    code, status, title = "contract_retired", 410, "The v3 API is no longer served"


class SunsetDate:
    """The date that staff set, kept for `FRESH_S`; a database that is away leaves it as it was."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._stale_at = 0.0
        self._date: datetime | None = None

    def get(self) -> datetime | None:
        """Return the date, None when none is set; one thread at a time looks it up, the others use what there is."""
        if self.clock() >= self._stale_at and self._lock.acquire(blocking=False):
            try:
                self.put(_stored())
            except DatabaseError:
                self._stale_at = self.clock() + FRESH_S
            finally:
                self._lock.release()
        return self._date

    def put(self, date: datetime | None, fresh_s: float = FRESH_S) -> None:
        """Believe `date` for `fresh_s` seconds."""
        self._date, self._stale_at = date, self.clock() + fresh_s

    def forget(self, **_: Any) -> None:
        """Look again next time."""
        self._stale_at = 0.0


sunset = SunsetDate()


def _stored() -> datetime | None:
    from jewgo.core.models import Sunset  # late: settings name this module before the app registry is full

    return Sunset.objects.filter(contract=Sunset.Contract.V3).values_list("at", flat=True).first()


class RetirementMiddleware:
    """Tell every caller of v3 that it ends, when, and what comes after it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase], sunset: SunsetDate = sunset) -> None:
        self.get_response = get_response
        self.sunset = sunset

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if contract_of(path) != "v3" or path == "/health":
            return self.get_response(request)
        date = self.sunset.get()
        is_over = date is not None and date <= timezone.now() and not path.startswith(SURVIVORS)
        response = respond(request, _retired()) if is_over else self.get_response(request)
        _announce(request, response, date)
        return response


def _retired() -> ContractRetired:
    return ContractRetired(hint="Use the v4 API: /api/v4/docs.")


def _announce(request: HttpRequest, response: HttpResponseBase, date: datetime | None) -> None:
    """Add the headers of RFC 9745 (Deprecation), RFC 8288 (Link) and RFC 8594 (Sunset)."""
    view = getattr(request.resolver_match and request.resolver_match.func, "cls", None)
    link = f'<{getattr(view, "successor", DEFAULT_SUCCESSOR)}>; rel="successor-version"'
    before = response.headers.get("Link")
    response.headers["Link"] = f"{before}, {link}" if before else link
    response.headers["Deprecation"] = f"@{int(settings.V3_DEPRECATED_AT.timestamp())}"
    if date is not None:
        response.headers["Sunset"] = http_date(date.astimezone(UTC).timestamp())


def listen() -> None:
    """Follow changes made by this process at once; others notice within `FRESH_S`."""
    for signal in (post_save, post_delete):
        signal.connect(sunset.forget, sender="core.Sunset", dispatch_uid="jewgo.core.retirement")
