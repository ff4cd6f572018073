"""Moves of a restaurant's record: approve, reject, suspend, close, reopen, resubmit, and restore what was deleted."""

from functools import partial
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, require_match
from jewgo.core.schema import operation
from restaurants import services
from restaurants.api.v4.answers import answer_change
from restaurants.api.v4.forms import WriteQuery
from restaurants.api.v4.places import CLASHES, CatalogueView
from restaurants.api.v4.shapes import RestaurantShape
from restaurants.lifecycle import IllegalRecordMove, Move
from restaurants.services.lifecycle import NotDeleted
from rollout.identity import identify


class MoveBody(StrictSerializer):
    """A move without a reason."""


class ReasonedBody(StrictSerializer):
    """Why the record is moved."""

    reason = serializers.CharField(max_length=500)


class PerhapsReasonedBody(StrictSerializer):
    """Why the record is moved, if there is anything to say."""

    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class MoveView(CatalogueView):
    """One move; its subclasses say which."""

    move: ClassVar[Move]
    form: ClassVar[type[StrictSerializer]] = MoveBody

    def make(self, request: Request, restaurant_id: int) -> Response:
        """Make the move and answer with the restaurant as it then stands."""
        query, said = self.query(WriteQuery), self.body(self.form)
        place = services.move(
            restaurant_id,
            self.move,
            str(identify(request)),
            expect=partial(require_match, request._request),
            reason=said.get("reason", ""),
            dry_run=query["dry_run"],
        )
        return answer_change(place, dry_run=query["dry_run"])


def _described(form: type[StrictSerializer]) -> dict[str, Any]:
    errors = [*CLASHES, IllegalRecordMove]
    return {"query": WriteQuery, "body": form, "data": RestaurantShape, "conditional": True, "errors": errors}


class ApproveView(MoveView):
    """Into the guide."""

    move = Move.APPROVE

    @operation(**_described(MoveBody))
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Publish a pending or suspended restaurant."""
        return self.make(request, restaurant_id)


class RejectView(MoveView):
    """Not into the guide."""

    move, form = Move.REJECT, ReasonedBody

    @operation(**_described(ReasonedBody))
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Turn a pending restaurant away, with the reason."""
        return self.make(request, restaurant_id)


class SuspendView(MoveView):
    """Out of the guide, for now."""

    move, form = Move.SUSPEND, ReasonedBody

    @operation(**_described(ReasonedBody))
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Take an approved restaurant out of the guide, with the reason; `approve` puts it back."""
        return self.make(request, restaurant_id)


class CloseView(MoveView):
    """The place is no more."""

    move, form = Move.CLOSE, PerhapsReasonedBody

    @operation(**_described(PerhapsReasonedBody))
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Note that a restaurant has closed for good."""
        return self.make(request, restaurant_id)


class ReopenView(MoveView):
    """The place is there again."""

    move = Move.REOPEN

    @operation(**_described(MoveBody))
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Publish a closed restaurant again."""
        return self.make(request, restaurant_id)


class ResubmitView(MoveView):
    """Another look."""

    move = Move.RESUBMIT

    @operation(**_described(MoveBody))
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Let a rejected restaurant await approval once more."""
        return self.make(request, restaurant_id)


class RestoreView(CatalogueView):
    """Back from deletion."""

    @operation(query=WriteQuery, body=MoveBody, data=RestaurantShape, conditional=True, errors=[*CLASHES, NotDeleted])
    def post(self, request: Request, restaurant_id: int) -> Response:
        """Bring a deleted restaurant back as it was."""
        query = self.query(WriteQuery)
        place = services.restore(
            restaurant_id,
            str(identify(request)),
            expect=partial(require_match, request._request),
            dry_run=query["dry_run"],
        )
        return answer_change(place, dry_run=query["dry_run"])
