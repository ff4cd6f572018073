"""Routes of both contracts that show every behaviour of the kernel's views."""

from collections.abc import Sequence
from typing import Any

import psycopg2
from django.db import DataError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled, ValidationError
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import (
    PageQuery,
    StrictSerializer,
    V3View,
    V4View,
    require_match,
    v3_envelope,
    v4_conditional,
    v4_response,
)
from jewgo.core.errors import Conflict, NotFound, Problem
from jewgo.urls import handler400, handler403, handler404, handler500
from tests.jewgo.core.api import notes

__all__ = ["handler400", "handler403", "handler404", "handler500"]

RAISED: dict[str, Exception] = {
    "operational": OperationalError("server closed the connection"),
    "interface": InterfaceError("connection already closed"),
    "unwrapped": psycopg2.OperationalError("terminating connection"),
    "timeout": psycopg2.errors.QueryCanceled("canceling statement due to statement timeout"),
    "data": DataError("integer out of range"),
    "bug": RuntimeError("the secret is 42"),
    "conflict": Conflict("Two at once", hint="Ask for one.", meta={"other": 7}, headers={"X-Other": "7"}),
    "throttled": Throttled(wait=7),
    "validation": ValidationError({"name": ["This is wrong."]}),
    "missing": NotFound("No restaurant 7", meta={"resource_type": "Restaurant"}),
    "failed_authentication": AuthenticationFailed("This key has expired"),
}


class OpenV3View(V3View):
    """Open to everybody: no table of who may what knows these routes."""

    permission_classes: Sequence[Any] = [AllowAny]


class OpenV4View(V4View):
    """Open to everybody, as above."""

    permission_classes: Sequence[Any] = [AllowAny]


class Address(StrictSerializer):
    street = serializers.CharField()


class Body(StrictSerializer):
    name = serializers.CharField(max_length=50)
    rating = serializers.FloatField(required=False)
    stars = serializers.IntegerField(required=False)
    address = Address(required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)


class Query(PageQuery):
    city = serializers.CharField(required=False)
    lat = serializers.FloatField(required=False)
    ids = serializers.ListField(child=serializers.IntegerField(), required=False)
    open_now = serializers.BooleanField(required=False)


class Bearer(BaseAuthentication):
    def authenticate(self, request: Request) -> None:
        return None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class V4Things(OpenV4View):
    authentication_classes = []

    def get(self, request: Request) -> Response:
        return v4_response(self.query(Query), meta={"seen": True})

    def post(self, request: Request) -> Response:
        return v4_response(self.body(Body), status=201, headers={"Location": "/api/v4/things/1"})


class V4Thing(OpenV4View):
    authentication_classes = []

    def get(self, request: Request, key: str) -> Response:
        return v4_conditional(request, {"key": key}, version=7)

    def patch(self, request: Request, key: str) -> Response:
        require_match(request, 7)
        return v4_response(self.body(Body, partial=True))


class V4List(OpenV4View):
    authentication_classes = []

    def get(self, request: Request) -> Response:
        return v4_conditional(request, [1, 2])


class V4Closed(OpenV4View):
    authentication_classes = [Bearer]
    permission_classes = [IsAuthenticated]

    def get(self, request: Request) -> Response:
        return v4_response({})


class V4Raises(OpenV4View):
    authentication_classes = []

    def get(self, request: Request, kind: str) -> Response:
        raise RAISED[kind]


class V3Things(OpenV3View):
    authentication_classes = []
    successor = "/api/v4/things"

    def get(self, request: Request) -> Response:
        window = self.window(request, limit=100, maximum=1000)
        shown = {"limit": window.limit, "offset": window.offset, "city": request.query_params.get("city")}
        return v3_envelope(
            request, data={"things": [shown]}, message="Retrieved 1 thing", meta={"count": 1}, top_level={"things": []}
        )

    def post(self, request: Request) -> Response:
        return v3_envelope(request, data=request.data, status=201)


class V3Raises(OpenV3View):
    authentication_classes = []

    def get(self, request: Request, kind: str) -> Response:
        raise RAISED[kind]


class V3Bare(V3Raises):
    error_style = "bare"


class V3BareInput(OpenV3View):
    authentication_classes = []
    error_style = "bare"

    def get(self, request: Request) -> Response:
        raise Conflict(problems=[Problem("required", "This field is required.", pointer="/address/street")])


def sleep(request: HttpRequest) -> HttpResponse:
    """Ask the database something that takes longer than a statement may."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 50; SELECT pg_sleep(5)")
    return HttpResponse()


def ask(request: HttpRequest) -> HttpResponse:
    """Ask the database something small."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("1")


def fail(request: HttpRequest, kind: str) -> HttpResponse:
    """Raise where no contract's view can catch it."""
    raise RAISED[kind]


urlpatterns: list[Any] = [
    *notes.urlpatterns,
    path("api/v4/things", V4Things.as_view()),
    path("api/v4/things/<str:key>", V4Thing.as_view()),
    path("api/v4/list", V4List.as_view()),
    path("api/v4/closed", V4Closed.as_view()),
    path("api/v4/raises/<str:kind>", V4Raises.as_view()),
    path("api/v4/outside/<str:kind>", fail),
    path("api/v4/sleep", sleep),
    path("api/v4/ask", ask),
    path("api/things", V3Things.as_view()),
    path("api/raises/<str:kind>", V3Raises.as_view()),
    path("api/bare", V3BareInput.as_view()),
    path("api/bare/<str:kind>", V3Bare.as_view()),
    path("api/outside/<str:kind>", fail),
    path("page/<str:kind>", fail),
]
