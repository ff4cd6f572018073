"""The v4 contract of reviews."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, TypedDict

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import PageQuery, StrictSerializer, V4View, v4_conditional
from jewgo.core.errors import Forbidden, InvalidInput
from jewgo.core.paging import InvalidCursor, PageRequest
from jewgo.core.schema import operation
from reviews.api.visibility import visible_states
from reviews.services import ReviewService
from reviews.values import EVERY_STATE, MAX_ID, RATINGS, ReviewCriteria, ReviewNotFound, Wanted, WrittenReview
from rollout.gate import FeatureDisabled, Gate
from users.api.permissions import Authority


class ReviewsQuery(PageQuery):
    """The parameters of the list of reviews."""

    restaurant = serializers.IntegerField(min_value=1, required=False, help_text="Only reviews of this place.")
    rating = serializers.ListField(
        child=serializers.IntegerField(min_value=RATINGS[0], max_value=RATINGS[1]),
        default=list,
        help_text="Only reviews with this rating; several are alternatives.",
    )
    status = serializers.ChoiceField(
        choices=sorted(EVERY_STATE), default="approved", help_text="Others than approved need reviews:read."
    )


class AuthorShape(TypedDict):
    """Who wrote a review, as the public may know them."""

    id: int
    name: str | None


class ReviewShape(TypedDict):
    """A review as v4 shows it to everybody."""

    id: int
    restaurant_id: int
    author: AuthorShape | None
    rating: int
    title: str | None
    content: str
    images: list[str]
    status: str
    helpful_count: int
    created_at: datetime
    updated_at: datetime


def present_review(review: WrittenReview) -> ReviewShape:
    """Return a review in v4's shape."""
    author = review.author
    return {
        "id": review.id,
        "restaurant_id": review.restaurant_id,
        "author": {"id": author.id, "name": author.name or None} if author else None,
        "rating": review.rating,
        "title": review.title or None,
        "content": review.content,
        "images": list(review.images),
        "status": review.state,
        "helpful_count": review.helpful_count,
        "created_at": review.created_at,
        "updated_at": review.updated_at,
    }


class Reviews(V4View):
    """`/api/v4/reviews`: what people say about places."""

    permission_classes: Sequence[Any] = (Gate("api_v4_reviews"), Authority)
    v3_path: ClassVar[str | None] = "/api/reviews"
    service: ClassVar[ReviewService] = ReviewService()

    @operation(
        query=ReviewsQuery,
        data=list[ReviewShape],
        conditional=True,
        errors=[InvalidInput, InvalidCursor, Forbidden, FeatureDisabled],
    )
    def get(self, request: Request) -> Response:
        """Answer one page of the reviews that match, the latest first."""
        query = self.query(ReviewsQuery)
        asked = PageRequest.of(query)
        page = self.service.browse(self._criteria(request, query), asked)
        return v4_conditional(request, [present_review(review) for review in page.items], meta=asked.meta(page))

    @staticmethod
    def _criteria(request: Request, query: dict[str, Any]) -> ReviewCriteria:
        if query["status"] not in visible_states(request):
            raise Forbidden("Reviews that are not approved are for keys with the scope reviews:read.")
        return ReviewCriteria(frozenset({query["status"]}), query.get("restaurant"), frozenset(query["rating"]))


class ReviewDetail(V4View):
    """`/api/v4/reviews/{id}`: one review."""

    permission_classes: Sequence[Any] = (Gate("api_v4_reviews"), Authority)
    v3_path: ClassVar[str | None] = "/api/reviews/{review_id}"
    service: ClassVar[ReviewService] = ReviewService()

    @operation(data=ReviewShape, conditional=True, errors=[InvalidInput, ReviewNotFound, FeatureDisabled])
    def get(self, request: Request, review_id: int) -> Response:
        """Answer one review."""
        self.query(StrictSerializer)
        if review_id > MAX_ID:
            raise ReviewNotFound
        review = self.service.get(Wanted(review_id, visible_states(request)))
        return v4_conditional(request, present_review(review), version=review.version)


urlpatterns = [
    path("api/v4/reviews", Reviews.as_view(), name="v4-reviews"),
    path("api/v4/reviews/<int:review_id>", ReviewDetail.as_view(), name="v4-review"),
]
