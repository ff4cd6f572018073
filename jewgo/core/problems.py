"""Failures as answers: an exception becomes a `JewgoError`, and that a response in the shape of the path's contract."""

import logging
from collections.abc import Callable
from typing import Any, Literal

import orjson
import psycopg2
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError, connections
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from jewgo.core.envelope import envelope
from jewgo.core.errors import ContentTooLarge, Forbidden, InvalidInput, JewgoError, NotFound, Problem, Unavailable
from jewgo.core.middleware import current_request_id

Contract = Literal["v3", "v4", "accounts", "none"]
ErrorStyle = Literal["envelope", "bare"]

RETRY_AFTER_S = 1
DOCS = "/api/v4/docs/errors"
DATABASE_AWAY = (OperationalError, InterfaceError, psycopg2.OperationalError, psycopg2.InterfaceError)

logger = logging.getLogger(__name__)


def contract_of(path: str) -> Contract:
    """Say which contract answers at `path`: ours, django-allauth's for apps, or "none", a page or a probe."""
    if path == "/api/v4" or path.startswith("/api/v4/"):
        return "v4"
    if path.startswith("/accounts/app/"):
        return "accounts"
    return "v3" if path in {"/api", "/health"} or path.startswith("/api/") else "none"


def translate(error: BaseException) -> JewgoError | None:
    """Return what `error` means, None when nobody anticipated it.

    A database that is away, or that took longer than the statement's time budget, is `Unavailable`; a value that no
    column can hold is the caller's.
    """
    if isinstance(error, JewgoError):
        return error
    if isinstance(error, DATABASE_AWAY):
        return Unavailable(headers={"Retry-After": str(RETRY_AFTER_S)})
    for kinds, meaning in _MEANINGS:
        if isinstance(error, kinds):
            return meaning()
    return None


_MEANINGS: tuple[tuple[tuple[type[Exception], ...], Callable[[], JewgoError]], ...] = (
    ((Http404,), NotFound),
    ((PermissionDenied,), Forbidden),
    ((RequestDataTooBig,), ContentTooLarge),
    ((SuspiciousOperation, BadRequest), InvalidInput),
    ((DataError, psycopg2.DataError), lambda: InvalidInput("A value lies outside what can be stored")),
)


def respond(request: HttpRequest, error: JewgoError) -> HttpResponse:
    """Return `error` in the shape of the contract that the request's path belongs to, never cacheable."""
    if error.status >= 500:
        _report(error)
    contract = contract_of(request.path_info)
    if contract == "v4":
        return _response(problem(request, error), error, "application/problem+json")
    if contract == "accounts":
        return _response(_headless(error), error, "application/json")
    style = _style_of(request)
    body = _bare(error) if style == "bare" else _enveloped(error)
    if _is_rich(request):
        body["code"] = error.code
        body.setdefault("meta", {}).setdefault("request_id", current_request_id())
    return _response(body, error, "application/json")


def problem(request: HttpRequest, error: JewgoError) -> dict[str, Any]:
    """Return `error` as RFC 9457 problem details, with our extension members."""
    body: dict[str, Any] = {
        "type": f"{DOCS}#{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "instance": request.path,
        "success": False,
        "code": error.code,
        "errors": [_listed(problem) for problem in error.problems],
        "request_id": current_request_id(),
        "retryable": error.retryable,
    }
    if error.hint:
        body["hint"] = error.hint
    if error.meta:
        body["meta"] = error.meta
    return body


def _listed(problem: Problem) -> dict[str, str]:
    """Return one entry of `errors`; it names a place in the body (pointer) or a parameter, never both."""
    members = {
        "pointer": problem.pointer,
        "parameter": problem.parameter,
        "code": problem.code,
        "detail": problem.detail,
        "hint": problem.hint,
    }
    return {name: value for name, value in members.items() if value is not None}


def _enveloped(error: JewgoError) -> dict[str, Any]:
    return envelope(
        status=error.status,
        request_id=current_request_id(),
        message=error.message,
        meta=error.meta | _validation_errors(error),
    )


def _bare(error: JewgoError) -> dict[str, Any]:
    """The form of the review and admin routes: the message, or what the validation found."""
    found = _validation_errors(error)
    return {"error": "Validation failed", "meta": found} if found else {"error": error.message}


def _headless(error: JewgoError) -> dict[str, Any]:
    """The form in which django-allauth says to apps what it refuses."""
    return {"status": error.status, "errors": [{"message": error.message, "code": error.code}]}


def _validation_errors(error: JewgoError) -> dict[str, Any]:
    lines = [
        f"{_place(problem)}: {problem.detail}" if _place(problem) else problem.detail for problem in error.problems
    ]
    return {"validation_errors": lines} if lines else {}


def _place(problem: Problem) -> str:
    return problem.parameter or (problem.pointer or "").strip("/").replace("/", ".")


def _style_of(request: HttpRequest) -> ErrorStyle:
    """Return the error form of the view that the path led to; a path that led nowhere has v3's usual one."""
    match = request.resolver_match
    style: ErrorStyle = getattr(getattr(match.func, "cls", None), "error_style", "envelope") if match else "envelope"
    return style


def _is_rich(request: HttpRequest) -> bool:
    """Ask the setting V3_RICH_ERRORS; an error page must not fail, so a failure there means no."""
    path: str = getattr(settings, "V3_RICH_ERRORS", "")
    try:
        return bool(path and import_string(path)(request))
    except Exception:
        logger.exception("V3_RICH_ERRORS could not be asked")
        return False


def _response(body: dict[str, Any], error: JewgoError, content_type: str) -> HttpResponse:
    response = HttpResponse(orjson.dumps(body, default=str), content_type=content_type, status=error.status)
    response.headers["Cache-Control"] = "no-store"
    for name, value in error.headers.items():
        response.headers[name] = value
    return response


def _report(error: JewgoError) -> None:
    """Log what the caller is about to see as ours, and give up connections that broke, so that the next one is new."""
    logger.error("answered %s %s", error.status, error.code, exc_info=error.__cause__ or error.__context__)
    for connection in connections.all(initialized_only=True):
        connection.close_if_unusable_or_obsolete()
