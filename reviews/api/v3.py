"""The v3 contract of reviews, frozen: what apps in the field speak, whichever engine answers."""

from typing import ClassVar, Final

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, lenient_int
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.problems import ErrorStyle
from jewgo.core.schema import operation
from reviews.api.v3_shapes import (
    DraftBody,
    OneReview,
    ReviewPage,
    ReviewsQuery,
    TakenReview,
    present_list,
    present_review,
)
from reviews.api.visibility import visible_states
from reviews.services import ReviewService
from reviews.values import MAX_ID, PlaceNotReviewable, ReviewCriteria, ReviewNotFound, Slice, Wanted
from rollout.switch import Switch

FEATURE: Final = "api_v4_reviews"
MOST_REVIEWS: Final = 100


SERVICE: Final = ReviewService()
LIST = Switch(FEATURE, "reviews.list", candidate=SERVICE.page, present=present_list, writes=False)
DETAIL = Switch(FEATURE, "reviews.detail", candidate=SERVICE.get, present=present_review, writes=False)
CREATE = Switch(FEATURE, "reviews.create", candidate=SERVICE.create, present=present_review, writes=True)


class Reviews(V3View):
    """`/api/reviews`: what people say about places."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = "/api/v4/reviews"

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
        data=TakenReview,
        status=201,
        bare=True,
        errors=[InvalidInput, PlaceNotReviewable, Unauthenticated, Forbidden],
    )
    def post(self, request: Request) -> Response:
        """Take a review in; it is published once a moderator has approved it."""
        review = CREATE(request, DraftBody.draft(request.data))
        return Response({"review": review, "message": "Review submitted; it waits for approval"}, status=201)


class ReviewDetail(V3View):
    """`/api/reviews/{id}`: one review, by an id that v3 calls a string."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = "/api/v4/reviews"

    @operation(data=OneReview, bare=True, errors=[ReviewNotFound])
    def get(self, request: Request, review_id: str) -> Response:
        """Answer one review."""
        wanted = Wanted(_number(review_id), visible_states(request))
        return Response({"review": DETAIL(request, wanted)})


def _criteria(request: Request) -> ReviewCriteria:
    """Read which reviews are meant. `all` means every state that this caller may see."""
    asked = request.query_params
    visible, status = visible_states(request), asked.get("status", "approved").lower()
    place = lenient_int(asked.get("restaurantId"), -1, MAX_ID)
    return ReviewCriteria(
        states=visible if status == "all" else visible & {status}, restaurant_id=place if place >= 0 else None
    )


def _number(review_id: str) -> int:
    """Return the id as a number; a text that is none names no review."""
    if not (review_id.isascii() and review_id.isdigit() and len(review_id) <= len(str(MAX_ID))):
        raise ReviewNotFound
    number = int(review_id)
    if number > MAX_ID:
        raise ReviewNotFound
    return number


urlpatterns = [
    path("api/reviews", Reviews.as_view(), name="v3-reviews"),
    path("api/reviews/<str:review_id>", ReviewDetail.as_view(), name="v3-review"),
]
