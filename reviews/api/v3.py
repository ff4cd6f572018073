"""The v3 contract of reviews, frozen: what apps in the field speak, whichever engine answers."""

from typing import Any, ClassVar, Final

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, lenient_int
from jewgo.core.api.strict import read_body
from jewgo.core.envelope import timestamp
from jewgo.core.problems import ErrorStyle
from reviews.api.visibility import visible_states
from reviews.services import ReviewService
from reviews.values import (
    CONTENT_LENGTH,
    MAX_ID,
    MOST_IMAGES,
    RATINGS,
    TITLE_LENGTH,
    Draft,
    Listing,
    ReviewCriteria,
    ReviewNotFound,
    Slice,
    Wanted,
    WrittenReview,
)
from rollout.switch import Switch
from users.api.permissions import HasScopeToWrite

FEATURE: Final = "api_v4_reviews"
MOST_REVIEWS: Final = 100


def present_review(review: WrittenReview) -> dict[str, Any]:
    """Return the 16 keys of a review, in their order. The two that only moderators may read are null."""
    return {
        "id": str(review.id),
        "restaurant_id": review.restaurant_id,
        "user_id": str(review.author.id) if review.author else None,
        "user_name": (review.author.name or None) if review.author else None,
        "user_email": None,
        "rating": review.rating,
        "title": review.title or None,
        "content": review.content,
        "images": list(review.images),
        "status": review.state,
        "created_at": timestamp(review.created_at),
        "updated_at": timestamp(review.updated_at),
        "moderator_notes": None,
        "verified_purchase": False,
        "helpful_count": review.helpful_count,
        "report_count": review.report_count,
    }


def present_list(listing: Listing) -> dict[str, Any]:
    """Return the reviews of a list, and how many there are in all."""
    return {"reviews": [present_review(review) for review in listing.reviews], "total": listing.total}


SERVICE: Final = ReviewService()
LIST = Switch(FEATURE, "reviews.list", candidate=SERVICE.page, present=present_list, writes=False)
DETAIL = Switch(FEATURE, "reviews.detail", candidate=SERVICE.get, present=present_review, writes=False)
CREATE = Switch(FEATURE, "reviews.create", candidate=SERVICE.create, present=present_review, writes=True)


class DraftBody(serializers.Serializer[Any]):
    """A review as apps in the field send it; members that are not named here are ignored."""

    restaurantId = serializers.IntegerField(min_value=1, max_value=MAX_ID)  # noqa: N815 - the contract's name
    rating = serializers.IntegerField(min_value=RATINGS[0], max_value=RATINGS[1])
    content = serializers.CharField(min_length=CONTENT_LENGTH[0], max_length=CONTENT_LENGTH[1])
    title = serializers.CharField(max_length=TITLE_LENGTH, allow_blank=True, allow_null=True, default="")
    images = serializers.ListField(child=serializers.URLField(max_length=1000), max_length=MOST_IMAGES, default=list)

    @classmethod
    def draft(cls, data: Any) -> Draft:
        """Return the review that a body holds; raises `InvalidInput` with everything that is wrong with it."""
        body = read_body(cls, data)
        return Draft(
            restaurant_id=body["restaurantId"],
            rating=body["rating"],
            content=body["content"],
            title=body["title"] or "",
            images=tuple(body["images"]),
        )


class Reviews(V3View):
    """`/api/reviews`: what people say about places."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = "/api/v4/reviews"
    permission_classes = [HasScopeToWrite("ops")]

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

    def post(self, request: Request) -> Response:
        """Take a review in; it is published once a moderator has approved it."""
        review = CREATE(request, DraftBody.draft(request.data))
        return Response({"review": review, "message": "Review submitted; it waits for approval"}, status=201)


class ReviewDetail(V3View):
    """`/api/reviews/{id}`: one review, by an id that v3 calls a string."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = "/api/v4/reviews"
    permission_classes = [HasScopeToWrite("ops")]

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
