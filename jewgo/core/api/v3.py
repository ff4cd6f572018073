"""The v3 contract's views: lenient in, envelope out."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api.view import ContractView
from jewgo.core.envelope import envelope
from jewgo.core.paging import MAX_OFFSET, Window
from jewgo.core.problems import ErrorStyle


class V3View(ContractView):
    """A view of the v3 contract: JSON whatever was accepted, unknown parameters ignored."""

    error_style: ClassVar[ErrorStyle] = "envelope"
    successor: ClassVar[str] = "/api/v4/docs"
    """The v4 path that takes this route's place, named in the Link header."""

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        request.GET = _without_nul(request.GET)
        return super().initialize_request(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    @staticmethod
    def window(request: Request, *, limit: int, maximum: int) -> Window:
        """Read `limit` and `offset` as v3 does; see `lenient_int`."""
        asked = request.query_params
        offset = lenient_int(asked.get("offset"), 0, MAX_OFFSET)
        return Window(lenient_int(asked.get("limit"), limit, maximum), offset)


def lenient_int(value: str | None, default: int, maximum: int) -> int:
    """Return `value` as an integer of at most `maximum`; what is no non-negative integer counts as absent."""
    text = (value or "").strip()
    if not (text.isascii() and text.isdigit()):
        return default
    digits = text.lstrip("0") or "0"  # Python refuses to convert thousands of digits, so their number is compared first
    return maximum if len(digits) > len(str(maximum)) else min(int(digits), maximum)


def v3_envelope(
    request: HttpRequest | Request,
    *,
    data: Any = None,
    message: str | None = None,
    meta: Mapping[str, Any] | None = None,
    status: int = 200,
    top_level: Mapping[str, Any] | None = None,
) -> Response:
    """Return an answer in v3's envelope; `top_level` holds the copies that older apps read beside `data`."""
    own_id = getattr(request, "request_id", "")
    body = envelope(status=status, request_id=own_id, data=data, message=message, meta=meta, top_level=top_level)
    return Response(body, status=status)


def _without_nul(query: QueryDict) -> QueryDict:
    """Put U+FFFD in place of NUL: no stored text has either, so such a filter finds nothing, and nothing breaks."""
    if not any("\0" in text for name, values in query.lists() for text in (name, *values)):
        return query
    clean = QueryDict(mutable=True)
    for name, values in query.lists():
        clean.setlist(name.replace("\0", "\ufffd"), [value.replace("\0", "\ufffd") for value in values])
    clean._mutable = False
    return clean
