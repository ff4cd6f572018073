"""The guide to take along: everything that a filter finds, as a stream."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request

from jewgo.core.api import V4View
from jewgo.core.errors import Forbidden, InvalidInput, NotAcceptable, Unauthenticated
from jewgo.core.schema import operation
from restaurants import services
from restaurants.api.v4.asking import question_of
from restaurants.api.v4.formats import FORMATS, Format
from restaurants.api.v4.queries import ExportQuery
from restaurants.openings import BeyondHorizon
from rollout.gate import FeatureDisabled, Gate
from users.api.permissions import Authority

MEDIA_TYPES: Final = {format_.media_type.partition(";")[0]: format_ for format_ in FORMATS.values()}


class ExportView(V4View):
    """Everything that a filter finds."""

    permission_classes: Sequence[Any] = [Gate("api_v4_restaurants"), Authority]
    limited_as: ClassVar[str | None] = "export"

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Leave `Accept` to `get`: what it names is no renderer's."""
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    @operation(
        query=ExportQuery,
        data=str,
        bare=True,
        errors=[InvalidInput, BeyondHorizon, NotAcceptable, Unauthenticated, Forbidden, FeatureDisabled],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Export every restaurant that the filters find, by id: CSV, GeoJSON or NDJSON, by `format` or `Accept`."""
        query = self.query(ExportQuery)
        chosen = FORMATS[query["format"]] if "format" in query else _accepted(request.headers.get("Accept", "*/*"))
        name = next(name for name, format_ in FORMATS.items() if format_ is chosen)
        places = services.export(question_of(query, timezone.now()))
        headers = {"Content-Disposition": f'attachment; filename="restaurants.{name}"', "Cache-Control": "no-store"}
        body = chosen.write(places, timezone.now())
        return StreamingHttpResponse(body, content_type=chosen.media_type, headers=headers)


def _accepted(header: str) -> Format:
    """Return the first format that `Accept` names; anything at all means NDJSON. Raises `NotAcceptable`."""
    for part in header.split(","):
        media_type = part.partition(";")[0].strip().lower()
        if media_type in MEDIA_TYPES:
            return MEDIA_TYPES[media_type]
        if media_type in {"*/*", "application/*", "application/json"}:
            return FORMATS["ndjson"]
    raise NotAcceptable(hint=f"Accept one of {', '.join(MEDIA_TYPES)}, or give format={'|'.join(FORMATS)}.")
