"""The documentation pages: Swagger UI, Redoc, the committed OpenAPI files and the list of error codes, all offline."""

from pathlib import Path
from typing import Any, Final

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path

from jewgo.core.errors import REGISTRY, NotFound
from jewgo.core.showing import only_shows

FILES: Final[Path] = settings.BASE_DIR / "docs" / "openapi"
# Swagger UI and Redoc write style elements of their own; Redoc searches in a worker made of a blob.
THEIR_NEEDS: Final[dict[str, Any]] = {"style-src": ["'self'", "'unsafe-inline'"], "worker-src": ["'self'", "blob:"]}


@only_shows
def openapi(_: HttpRequest, contract: str) -> HttpResponse:
    """Send the committed description of a contract."""
    file = FILES / f"{contract}.yaml"
    if not file.exists():
        raise NotFound(hint="Run `make schema` to write docs/openapi.")
    return HttpResponse(file.read_bytes(), content_type="application/yaml")


@only_shows
@csp_update(THEIR_NEEDS)
def page(_: HttpRequest, **shown: str) -> HttpResponse:
    """Show the description of a contract for people, with the viewer that the route names."""
    return HttpResponse(render_to_string(f"jewgo/{shown['viewer']}.html", shown))


@only_shows
def error_codes(_: HttpRequest) -> HttpResponse:
    """List every error code; the `type` of a problem leads here."""
    shown = ("code", "status", "title", "retryable")
    # Plain data: a template would call the classes.
    kinds = [{name: getattr(kind, name) for name in shown} for _, kind in sorted(REGISTRY.items())]
    return HttpResponse(render_to_string("jewgo/errors.html", {"kinds": kinds}))


def routes(contract: str, prefix: str) -> list[URLPattern]:
    """Return the documentation's routes of one contract below `prefix`."""
    shown = {"contract": contract, "schema": f"/{prefix}/openapi.yaml"}
    return [
        path(f"{prefix}/openapi.yaml", openapi, {"contract": contract}, name=f"{contract}-openapi"),
        path(f"{prefix}/docs", page, {"viewer": "swagger", **shown}, name=f"{contract}-docs"),
        path(f"{prefix}/redoc", page, {"viewer": "redoc", **shown}, name=f"{contract}-redoc"),
    ]


urlpatterns = [
    *routes("v3", "api"),
    *routes("v4", "api/v4"),
    path("api/v4/docs/errors", error_codes, name="error-codes"),
]
