"""The front page, and what is answered where no view answers."""

import sys
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.views.static import serve

import jewgo
from jewgo.core.api.wire import dumps
from jewgo.core.envelope import envelope
from jewgo.core.errors import InternalError, InvalidInput, JewgoError
from jewgo.core.limits.headers import tell
from jewgo.core.middleware import current_request_id
from jewgo.core.problems import contract_of, respond, translate
from jewgo.core.showing import only_shows

LINKS: Final = {
    "restaurants": "/api/restaurants?limit=5",
    "restaurants_v4": "/api/v4/restaurants?limit=5",
    "documentation": "/api/docs",
    "documentation_v4": "/api/v4/docs",
    "health": "/health",
    "admin": "/admin/",
}
DESCRIPTION: Final = (
    "JewGo is a guide to kosher restaurants. Its v3 API is served as ever, while the engine behind it moves to v4, "
    "a share of callers at a time."
)


@only_shows
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where things are: HTML to a browser, v3's JSON to anything else."""
    if wants_html(request):
        response = HttpResponse(_page("home.html", links=LINKS, description=DESCRIPTION, version=jewgo.__version__))
    else:
        data = {"service": "jewgo", "version": jewgo.__version__, "description": DESCRIPTION, "links": LINKS}
        body = envelope(status=200, request_id=current_request_id(), data=data, message="Welcome to JewGo")
        response = HttpResponse(dumps(body), content_type="application/json")
    response.headers["Vary"] = "Accept"
    return response


@only_shows
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve an upload; its name was made for it alone, so that what stands behind it never changes."""
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django refused before a view saw it, a body that is too large among it."""
    return _failed(request, translate(exception) or InvalidInput())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _failed(request, translate(exception) or InternalError())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _failed(request, translate(exception) or InternalError())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an exception that nobody caught, a middleware's too; a database that is away is 503 here as anywhere.

    Django hands this handler no exception, but calls it while handling one.
    """
    error = sys.exc_info()[1]
    meaning = translate(error) if error else None
    return _failed(request, meaning or InternalError())


def wants_html(request: HttpRequest) -> bool:
    """Say whether HTML is preferred to JSON; who accepts anything gets JSON."""
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"


def _failed(request: HttpRequest, error: JewgoError) -> HttpResponse:
    response = respond(request, error)
    tell(request, response)
    if contract_of(request.path_info) == "none" and wants_html(request):
        response.content = _page("error.html", error=error, request_id=current_request_id()).encode()
        response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def _page(name: str, **context: Any) -> str:
    """Render without the request: a page about a lost database must not ask it who is logged in."""
    return render_to_string(f"jewgo/{name}", context)
