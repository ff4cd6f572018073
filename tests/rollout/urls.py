"""A switched route and a gated one, for the tests of middleware and gate."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, V4View, v3_envelope, v4_response
from jewgo.core.errors import InvalidInput
from rollout import identity
from rollout.gate import Gate
from rollout.switch import Switch, control

FEATURE = "api_v4_statistics"


@control("tests.routed")
def older(number: int) -> int:
    return number


def newer(number: int) -> int:
    if number == 13:
        raise ZeroDivisionError
    return number


ROUTED = Switch(FEATURE, "tests.routed", candidate=newer, present=lambda value: {"number": value}, writes=False)


class SwitchedView(V3View):
    """Answered by either engine."""

    permission_classes: Sequence[Any] = (AllowAny,)

    def get(self, request: Request, number: int) -> Response:
        if number == 0:
            raise InvalidInput
        return v3_envelope(request, data=ROUTED(request, number))


class GatedView(V4View):
    """Open to whom the feature is."""

    permission_classes: Sequence[Any] = (Gate(FEATURE),)
    v3_path = "/api/numbers/{number}"

    def get(self, request: Request, number: int) -> Response:
        return v4_response({"number": number, "caller": str(identity.current())})

    def post(self, request: Request, number: int) -> Response:
        return v4_response(request.data)


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


urlpatterns = [
    path("api/numbers/<int:number>", SwitchedView.as_view()),
    path("api/v4/numbers/<int:number>", GatedView.as_view()),
    path("plain", plain),
]
