"""Routes of v4 that know who calls, write rows, and say what they count as. A note is a row of a table of Django's."""

import time
import uuid
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import transaction
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, V4View, v4_response
from jewgo.core.api.wire import JsonParser
from jewgo.core.errors import Conflict


class Named(BaseAuthentication):
    """`Authorization: Person 7` or `Key 7`."""

    def authenticate(self, request: Request) -> Any:
        kind, _, number = request.headers.get("Authorization", "").partition(" ")
        if kind == "Person":
            return SimpleNamespace(is_authenticated=True, pk=int(number)), None
        if kind == "Key":
            return AnonymousUser(), SimpleNamespace(targeting_key=f"k:{number}")
        return None


class NoteQuery(StrictSerializer):
    dry_run = serializers.BooleanField(default=False)
    color = serializers.CharField(required=False)


class NoteBody(StrictSerializer):
    text = serializers.CharField()
    file = serializers.FileField(required=False)
    takes_s = serializers.FloatField(default=0)
    fails = serializers.CharField(required=False)
    dry_run = serializers.BooleanField(default=False)


class NamedView(V4View):
    """Open to everybody; who says a name is known by it."""

    authentication_classes = [Named]
    permission_classes: Sequence[Any] = [AllowAny]


class Notes(NamedView):
    parser_classes = [JsonParser, MultiPartParser]

    def get(self, request: Request) -> Response:
        return v4_response(Session.objects.count() if request.query_params else None)

    @transaction.atomic
    def post(self, request: Request, board: str = "") -> Response:
        is_dry = self.query(NoteQuery)["dry_run"]
        said = self.body(NoteBody)
        note = write_note(said["text"]) if not (is_dry or said["dry_run"]) else "-"
        time.sleep(said["takes_s"])
        if said.get("fails") == "conflict":
            raise Conflict
        if said.get("fails") == "bug":
            raise RuntimeError
        size = len(said["file"].read()) if "file" in said else None
        data = {"id": note, "text": said["text"], "size": size}
        if said.get("fails") == "quietly":
            return v4_response(data, status=409)
        return v4_response(data, status=201, headers={"Location": f"/api/v4/notes/{note}", "ETag": '"1.aa"'})

    def delete(self, request: Request) -> Response:
        return Response(status=204)


class Found(Notes):
    limited_as: ClassVar[str | None] = "search"


class Emptied(NamedView):
    """Answers nothing."""

    def post(self, request: Request) -> Response:
        write_note("emptied")
        return Response(status=204)


class Announced(NamedView):
    """Answers what others see once it is committed."""

    def post(self, request: Request) -> Response:
        write_note("announced")
        return self.once_committed(lambda: v4_response({"seen": None}), lambda: v4_response({"seen": is_committed()}))


def write_note(text: str) -> str:
    """Write a row, and return its name."""
    note = uuid.uuid4().hex
    Session.objects.create(session_key=note, session_data=text, expire_date=timezone.now())
    return note


def is_committed() -> bool:
    """Say whether what this request wrote is no longer undone with it."""
    return all(getattr(block, "_from_testcase", False) for block in transaction.get_connection().atomic_blocks)


urlpatterns = [
    path("api/v4/notes", Notes.as_view()),
    path("api/v4/notes/found", Found.as_view()),
    path("api/v4/notes/emptied", Emptied.as_view()),
    path("api/v4/notes/announced", Announced.as_view()),
    path("api/v4/boards/<str:board>/notes", Notes.as_view()),
]
