"""Pages for people that show a failure, where a program would get JSON."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from jewgo.core.errors import JewgoError
from jewgo.core.limits.headers import tell
from jewgo.core.middleware import current_request_id
from jewgo.core.problems import contract_of, respond


def failed(request: HttpRequest, error: JewgoError) -> HttpResponse:
    """Answer `error` as a page where the path belongs to no contract and the caller is a browser, else as `respond`."""
    response = respond(request, error)
    tell(request, response)
    if contract_of(request.path_info) == "none" and wants_html(request):
        response.content = page("error.html", error=error, request_id=current_request_id()).encode()
        response.headers["Content-Type"] = "text/html; charset=utf-8"
    return response


def wants_html(request: HttpRequest) -> bool:
    """Say whether HTML is preferred to JSON; who accepts anything gets JSON."""
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"


def page(name: str, **context: Any) -> str:
    """Render without the request: a page about a lost database must not ask it who is logged in."""
    return render_to_string(f"jewgo/{name}", context)
