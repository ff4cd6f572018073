"""What the views of both contracts share: JSON, limits, one way to fail, answers that no shared cache may keep."""

from typing import Any, ClassVar, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jewgo.core import problems
from jewgo.core.api.throttle import Limits
from jewgo.core.api.translate import translate
from jewgo.core.api.wire import JsonParser, JsonRenderer
from jewgo.core.errors import JewgoError, NotFound
from jewgo.core.limits.headers import tell

PRIVATE: Final = "private, no-cache"
VARY: Final = "Authorization, X-Session-Token, X-Device-ID, Cookie, Accept, Accept-Language"


class ContractView(APIView):
    """A view of one of the two contracts."""

    renderer_classes = [JsonRenderer]
    parser_classes = [JsonParser]
    metadata_class = None
    throttle_classes: Any = (Limits,)
    cache_control: ClassVar[str] = PRIVATE
    limited_as: ClassVar[str | None] = None
    """The limit of what this view is asked, besides that of who asks: `search`, `export`; by default `write`."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if any(isinstance(value, str) and "\0" in value for value in kwargs.values()):
            raise NotFound
        super().initial(request, *args, **kwargs)

    def limit_class(self, request: Request) -> str | None:
        """Return the limit of what is asked: the view's own, else that of changes, else none."""
        return self.limited_as or (None if request.method in SAFE_METHODS else "write")

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Say which methods there are, in `Allow`."""
        return Response(status=204)

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]  # plain responses are fine
        """Answer a failure with a meaning in the contract's shape; any other goes on to Django's handler of 500."""
        error = translate(exc)
        if error is None:
            raise exc
        error.__cause__ = error.__cause__ or (exc if exc is not error else None)
        self._challenge(error)
        return problems.respond(self._http(), error)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        final.headers.setdefault("Cache-Control", self.cache_control)
        final.headers["Vary"] = VARY
        tell(self._http(), final)
        return final

    def _challenge(self, error: JewgoError) -> None:
        """Tell a caller who is not known how to say who they are (RFC 9110 §11.6.1)."""
        scheme = self.get_authenticate_header(self.request) if error.status == 401 else None
        if scheme:
            error.headers.setdefault("WWW-Authenticate", scheme)

    def _http(self) -> HttpRequest:
        request: HttpRequest = self.request._request
        return request
