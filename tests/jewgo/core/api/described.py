"""Routes whose methods say what they take and give."""

from typing import TypedDict

from django.urls import path
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import PageQuery, StrictSerializer, V3View, V4View, v4_response
from jewgo.core.errors import NotFound
from jewgo.core.schema import operation


class Thing(TypedDict):
    name: str


class ThingQuery(PageQuery):
    city = serializers.CharField(required=False)


class ThingBody(StrictSerializer):
    name = serializers.CharField()


class V4Things(V4View):
    authentication_classes = [BaseAuthentication]

    @operation(query=ThingQuery, data=Thing, errors=[NotFound], conditional=True)
    def get(self, request: Request) -> Response:
        """List things."""
        return v4_response({})

    @operation(body=ThingBody, data=ThingBody, status=201, conditional=True)
    def post(self, request: Request) -> Response:
        """Make a thing."""
        return v4_response({})


class V3Things(V3View):
    authentication_classes = []

    @operation(data={"things": list[Thing]}, top_level={"things": list[Thing]}, meta={"count": int})
    def get(self, request: Request) -> Response:
        """List things."""
        return Response({})


class V3Bare(V3View):
    authentication_classes = []
    error_style = "bare"

    @operation(data=Thing, bare=True)
    def get(self, request: Request) -> Response:
        """Show a thing."""
        return Response({})

    @operation(status=204)
    def delete(self, request: Request) -> Response:
        """Remove a thing."""
        return Response(status=204)


urlpatterns = [
    path("api/v4/things", V4Things.as_view()),
    path("api/things", V3Things.as_view()),
    path("api/bare", V3Bare.as_view()),
]
