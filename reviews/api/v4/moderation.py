"""What moderators ask and decide, and the numbers of reviews."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import PageQuery, StrictSerializer, v4_conditional, v4_response
from jewgo.core.errors import InvalidInput, PreconditionFailed
from jewgo.core.paging import InvalidCursor, PageRequest
from jewgo.core.schema import operation
from restaurants.repositories import UnknownRestaurant
from restaurants.services.writing import ANY_VERSION, Expectation
from reviews import services
from reviews.api.callers import caller_of
from reviews.api.v4.forms import DecisionBody, ManyBody, StatisticsQuery, WriteQuery
from reviews.api.v4.reviews import CLASHES, REFUSALS, ReviewView, answer_change
from reviews.api.v4.shapes import (
    EventShape,
    NumbersShape,
    OutcomeShape,
    QueuesShape,
    ReviewShape,
    present_event,
    present_numbers,
    present_outcome,
    present_queues,
)
from reviews.lifecycle import IllegalReviewMove
from reviews.refusals import ReviewNotFound
from reviews.services.moderating import Decision, NothingToUndo
from rollout.gate import FeatureDisabled


class ManyMeta(TypedDict):
    """How many were moved, and how many were not."""

    dry_run: bool
    done: int
    refused: int


class ModerateView(ReviewView):
    """A decision about one review."""

    @operation(
        query=WriteQuery,
        body=DecisionBody,
        data=ReviewShape,
        conditional=True,
        errors=[*CLASHES, IllegalReviewMove, NothingToUndo],
    )
    def post(self, request: Request, review_id: int) -> Response:
        """Approve, reject, flag or requeue a review, or undo one's own last decision about it."""
        terms, said = self.terms(request), self.body(DecisionBody)
        return answer_change(services.decide(review_id, _decision(said), **terms), terms)


class ModerateManyView(ReviewView):
    """A decision about several reviews."""

    @operation(body=ManyBody, data=list[OutcomeShape], meta=ManyMeta, errors=REFUSALS)
    def post(self, request: Request) -> Response:
        """Decide about each of several reviews; what is refused for one is done for the others."""
        self.query(StrictSerializer)
        said = self.body(ManyBody)
        outcomes = services.decide_many(
            said["ids"],
            _decision(said),
            caller_of(request),
            expectation_for=_expectations(said.get("versions", {})),
            dry_run=said["dry_run"],
        )
        refused = sum(outcome.refusal is not None for outcome in outcomes)
        meta: ManyMeta = {"dry_run": said["dry_run"], "done": len(outcomes) - refused, "refused": refused}
        return v4_response([present_outcome(outcome) for outcome in outcomes], meta=meta)


class QueuesView(ReviewView):
    """What waits for moderators."""

    @operation(data=QueuesShape, conditional=True, errors=REFUSALS)
    def get(self, request: Request) -> Response:
        """Count the reviews in each state, and say since when the oldest waits."""
        self.query(StrictSerializer)
        return v4_conditional(request, present_queues(services.queues()))


class HistoryView(ReviewView):
    """What was done with one review, deleted or not."""

    @operation(
        query=PageQuery, data=list[EventShape], conditional=True, errors=[*REFUSALS, ReviewNotFound, InvalidCursor]
    )
    def get(self, request: Request, review_id: int) -> Response:
        """List who did what with a review and when, the latest first."""
        asked = PageRequest.of(self.query(PageQuery))
        page = services.history(review_id, asked)
        return v4_conditional(request, [present_event(item) for item in page.items], meta=asked.meta(page))


class StatisticsView(ReviewView):
    """Reviews in numbers."""

    @operation(
        query=StatisticsQuery,
        data=NumbersShape,
        conditional=True,
        errors=[InvalidInput, UnknownRestaurant, FeatureDisabled],
    )
    def get(self, request: Request) -> Response:
        """Say what the published reviews of a place, or of all, add up to."""
        place = self.query(StatisticsQuery).get("restaurant")
        return v4_conditional(request, present_numbers(services.statistics(place), place))


def _decision(said: Mapping[str, Any]) -> Decision:
    return Decision(said["action"], said.get("reason", ""), said.get("notes", ""))


def _expectations(versions: Mapping[str, int]) -> Callable[[int], Expectation]:
    """Return what to expect of each review: the version that was read, where the caller names one."""

    def expectation_for(number: int) -> Expectation:
        read = versions.get(str(number))
        return ANY_VERSION if read is None else partial(_require, read)

    return expectation_for


def _require(read: int, version: int) -> None:
    if read != version:
        raise PreconditionFailed(hint="Read it again, and decide about what it says now.")
