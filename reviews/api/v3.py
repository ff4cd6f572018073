"""The v3 contract of reviews, frozen: what apps in the field speak, whichever engine answers."""

from typing import ClassVar, Final

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, lenient_int
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.problems import ErrorStyle
from jewgo.core.schema import operation
from reviews.api.callers import caller_of
from reviews.api.v3_admin import AdminReviews, number_of
from reviews.api.v3_shapes import (
    AmendmentBody,
    DraftBody,
    Message,
    OneReview,
    ReviewPage,
    ReviewsQuery,
    SaidReview,
)
from reviews.api.v3_switches import AMEND, CREATE, DELETE, DETAIL, LIST
from reviews.refusals import AlreadyReviewed, NotTheAuthor, PlaceNotReviewable, ReviewNotFound
from reviews.values import EVERY_STATE, MAX_ID, ReviewCriteria, Slice, Wanted

MOST_REVIEWS: Final = 100
SUCCESSOR: Final = "/api/v4/reviews"


class Reviews(V3View):
    """`/api/reviews`: what people say about places."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = SUCCESSOR

    @operation(query=ReviewsQuery, data=ReviewPage, bare=True)
    def get(self, request: Request) -> Response:
        """Answer one window of the reviews of a place, or of all places."""
        window = self.window(request, limit=10, maximum=MOST_REVIEWS)
        found = LIST(request, Slice(_criteria(request), window))
        pagination = {
            "total": found["total"],
            "limit": window.limit,
            "offset": window.offset,
            "hasMore": window.offset + len(found["reviews"]) < found["total"],
        }
        return Response({"reviews": found["reviews"], "pagination": pagination})

    @operation(
        body=DraftBody,
        data=SaidReview,
        status=201,
        bare=True,
        errors=[InvalidInput, PlaceNotReviewable, Unauthenticated, Forbidden, AlreadyReviewed],
    )
    def post(self, request: Request) -> Response:
        """Take a review in; it is published once a moderator has approved it. One for each person and place."""
        caller = caller_of(request)
        try:
            review = CREATE(request, DraftBody.draft(request.data, caller.user_id), caller)
        except AlreadyReviewed as refusal:
            if refusal.review_id is not None:
                refusal.headers["Location"] = f"/api/reviews/{refusal.review_id}"
            raise
        return Response({"review": review, "message": "Review submitted; it waits for approval"}, status=201)


class ReviewDetail(V3View):
    """`/api/reviews/{id}`: one review, by an id that v3 calls a string."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = SUCCESSOR

    @operation(data=OneReview, bare=True, errors=[ReviewNotFound])
    def get(self, request: Request, review_id: str) -> Response:
        """Answer one review."""
        return Response({"review": DETAIL(request, Wanted(number_of(review_id), caller_of(request)))})

    @operation(
        body=AmendmentBody,
        data=SaidReview,
        bare=True,
        errors=[InvalidInput, Unauthenticated, NotTheAuthor, ReviewNotFound],
    )
    def put(self, request: Request, review_id: str) -> Response:
        """Change what is given of one's own review; it waits for approval again."""
        number = number_of(review_id)
        review = AMEND(request, number, AmendmentBody.amendment(request.data), caller_of(request))
        return Response({"review": review, "message": "Review updated; it waits for approval"})

    @operation(data=Message, bare=True, errors=[Unauthenticated, NotTheAuthor, ReviewNotFound])
    def delete(self, request: Request, review_id: str) -> Response:
        """Remove a review, as its author or a moderator."""
        DELETE(request, number_of(review_id), caller_of(request))
        return Response({"message": "Review deleted"})


def _criteria(request: Request) -> ReviewCriteria:
    """Read which reviews are meant. `all` means every state; of those not approved a caller sees what they may."""
    asked = request.query_params
    status = asked.get("status", "approved").lower()
    place = lenient_int(asked.get("restaurantId"), -1, MAX_ID)
    return ReviewCriteria(
        states=EVERY_STATE if status == "all" else EVERY_STATE & {status},
        restaurant_id=place if place >= 0 else None,
        caller=caller_of(request),
    )


urlpatterns = [
    path("api/reviews", Reviews.as_view(), name="v3-reviews"),
    path("api/reviews/<str:review_id>", ReviewDetail.as_view(), name="v3-review"),
    path("api/admin/reviews", AdminReviews.as_view(), name="v3-admin-reviews"),
]
