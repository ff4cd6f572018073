"""The list of reviews, and one review."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, Final

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, V4View, etag_for, require_match, v4_conditional, v4_response
from jewgo.core.api.wire import dumps
from jewgo.core.errors import Forbidden, InvalidInput, PreconditionFailed, PreconditionRequired, Unauthenticated
from jewgo.core.paging import InvalidCursor, PageRequest
from jewgo.core.schema import operation
from reviews import services
from reviews.api.callers import caller_of
from reviews.api.v4.forms import AmendmentBody, NewReviewBody, ReviewsQuery, WriteQuery, amendment_of, draft_of
from reviews.api.v4.shapes import ReviewShape, present_review
from reviews.refusals import AlreadyReviewed, NotTheAuthor, PlaceNotReviewable, ReviewNotFound
from reviews.services.reading import FOR_MODERATORS
from reviews.values import EVERY_STATE, PUBLISHED, Caller, ReviewCriteria, Wanted, WrittenReview
from rollout.gate import FeatureDisabled, Gate
from users.api.permissions import Authority

REFUSALS: Final = (InvalidInput, Unauthenticated, Forbidden, FeatureDisabled)
CLASHES: Final = (*REFUSALS, ReviewNotFound, PreconditionFailed, PreconditionRequired)


class ReviewView(V4View):
    """Behind the gate; who may do what is in users.authority."""

    permission_classes: Sequence[Any] = (Gate("api_v4_reviews"), Authority)

    def terms(self, request: Request) -> dict[str, Any]:
        """Return what every change needs to know: who makes it, against which version, in earnest or not."""
        return {
            "caller": caller_of(request),
            "expect": partial(require_match, request._request),
            "dry_run": self.query(WriteQuery)["dry_run"],
        }


def answer_change(review: WrittenReview, terms: Mapping[str, Any], *, status: int = 200, **headers: str) -> Response:
    """Answer a change with the review and the tag that a GET of it has, or with what it would have been."""
    shown = present_review(review, terms["caller"])
    if terms["dry_run"]:
        return v4_response(shown, meta={"dry_run": True})
    tag = etag_for(review.version, dumps([shown, None]))
    return v4_response(shown, status=status, headers={"ETag": tag, **headers})


def location_of(review_id: int) -> str:
    """Return the path of a review."""
    return reverse("v4-review", kwargs={"review_id": review_id})


class ReviewsView(ReviewView):
    """`/api/v4/reviews`: what people say about places."""

    v3_path: ClassVar[str | None] = "/api/reviews"

    @operation(
        query=ReviewsQuery,
        data=list[ReviewShape],
        conditional=True,
        errors=[InvalidInput, InvalidCursor, Unauthenticated, Forbidden, FeatureDisabled],
    )
    def get(self, request: Request) -> Response:
        """Answer one page of the reviews that match."""
        query, caller = self.query(ReviewsQuery), caller_of(request)
        asked = PageRequest.of(query)
        page = services.browse(_criteria(query, caller), asked, query["sort"])
        data = [present_review(review, caller) for review in page.items]
        return v4_conditional(request, data, meta={**asked.meta(page), "sort": query["sort"]})

    @operation(
        query=WriteQuery,
        body=NewReviewBody,
        data=ReviewShape,
        status=201,
        errors=[*REFUSALS, PlaceNotReviewable, AlreadyReviewed],
    )
    def post(self, request: Request) -> Response:
        """Write a review; it is published once a moderator has approved it. One for each person and place."""
        caller, query = caller_of(request), self.query(WriteQuery)
        draft = draft_of(self.body(NewReviewBody), caller.user_id)
        with _in_our_words():
            review = services.create(draft, caller, dry_run=query["dry_run"])
        if query["dry_run"]:
            return v4_response(present_review(review, caller) | {"id": None}, meta={"dry_run": True})
        terms = {"caller": caller, "dry_run": False}
        return answer_change(review, terms, status=201, Location=location_of(review.id))


class ReviewDetailView(ReviewView):
    """`/api/v4/reviews/{id}`: one review."""

    v3_path: ClassVar[str | None] = "/api/reviews/{review_id}"

    @operation(data=ReviewShape, conditional=True, errors=[InvalidInput, ReviewNotFound, FeatureDisabled])
    def get(self, request: Request, review_id: int) -> Response:
        """Answer one review; one that is not approved to its author and to moderators."""
        self.query(StrictSerializer)
        caller = caller_of(request)
        review = services.read(Wanted(review_id, caller))
        return v4_conditional(request, present_review(review, caller), version=review.version)

    @operation(
        query=WriteQuery, body=AmendmentBody, data=ReviewShape, conditional=True, errors=[*CLASHES, NotTheAuthor]
    )
    def patch(self, request: Request, review_id: int) -> Response:
        """Change the members that are given, as the author; the review waits for a moderator again."""
        terms = self.terms(request)
        said = amendment_of(self.body(AmendmentBody, partial=True))
        return answer_change(services.amend(review_id, said, **terms), terms)

    @operation(query=WriteQuery, conditional=True, status=204, errors=[*CLASHES, NotTheAuthor])
    def delete(self, request: Request, review_id: int) -> Response:
        """Remove a review with its votes, flags and reply, as its author or a moderator."""
        terms = self.terms(request)
        services.delete(review_id, **terms)
        return v4_response(None, meta={"dry_run": True}) if terms["dry_run"] else Response(status=204)


def _criteria(query: Mapping[str, Any], caller: Caller) -> ReviewCriteria:
    own = "user" in query
    if own and caller.user_id is None:
        raise Unauthenticated("`user=me` is for people: say who you are.")
    states = frozenset({query["status"]}) if "status" in query else EVERY_STATE if own else PUBLISHED
    if not (own or caller.sees_all or states <= PUBLISHED):
        raise Forbidden("Reviews that are not approved are for moderators.", hint="`user=me` shows your own.")
    if query["sort"] in FOR_MODERATORS and not caller.sees_all:
        raise Forbidden(f"The order {query['sort']} is for moderators.")
    return ReviewCriteria(
        states=states,
        restaurant_id=query.get("restaurant"),
        ratings=frozenset(query["rating"]),
        author_id=caller.user_id if own else None,
        has_reply=query.get("has_reply"),
        caller=caller,
    )


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Say in v4's words what v3 calls otherwise, and where the review is that stands in the way."""
    try:
        yield
    except PlaceNotReviewable:
        raise PlaceNotReviewable("/restaurant_id") from None
    except AlreadyReviewed as refusal:
        if refusal.review_id is not None:
            refusal.headers["Location"] = location_of(refusal.review_id)
        raise
