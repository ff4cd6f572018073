"""How v3 reads and writes reviews: the documented keys, in their order."""

from typing import Any, TypedDict

from rest_framework import serializers

from jewgo.core.api.strict import read_body
from jewgo.core.envelope import timestamp
from reviews.values import (
    CONTENT_LENGTH,
    MAX_ID,
    MOST_IMAGES,
    RATINGS,
    TITLE_LENGTH,
    Draft,
    Listing,
    WrittenReview,
)


class ReviewShape(TypedDict):
    """A review, 16 keys. Its id and its author's are strings, as v3's were."""

    id: str
    restaurant_id: int
    user_id: str | None
    user_name: str | None
    user_email: str | None
    rating: int
    title: str | None
    content: str
    images: list[str]
    status: str
    created_at: str
    updated_at: str
    moderator_notes: str | None
    verified_purchase: bool
    helpful_count: int
    report_count: int


class Found(TypedDict):
    """A window of reviews, and how many there are in all."""

    reviews: list[ReviewShape]
    total: int


class Pagination(TypedDict):
    """v3's windows."""

    total: int
    limit: int
    offset: int
    hasMore: bool


class ReviewPage(TypedDict):
    """What the list answers."""

    reviews: list[ReviewShape]
    pagination: Pagination


class OneReview(TypedDict):
    """What the detail answers."""

    review: ReviewShape


class TakenReview(OneReview):
    """What a new review is answered with."""

    message: str


class ReviewsQuery(serializers.Serializer[Any]):
    """The parameters of the list as they are documented; they are read leniently, so nothing here is enforced."""

    restaurantId = serializers.IntegerField(required=False)  # noqa: N815 - the contract's name
    status = serializers.CharField(default="approved", help_text="`all`: every state that this caller may see.")
    limit = serializers.IntegerField(default=10, help_text="At most 100; more is lowered to it.")
    offset = serializers.IntegerField(default=0)


class DraftBody(serializers.Serializer[Any]):
    """A review as apps in the field send it; members that are not named here are ignored."""

    restaurantId = serializers.IntegerField(min_value=1, max_value=MAX_ID)  # noqa: N815
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


def present_review(review: WrittenReview) -> ReviewShape:
    """Return a review. The two keys that only moderators may read are null, and no purchase was ever verified."""
    author = review.author
    return {
        "id": str(review.id),
        "restaurant_id": review.restaurant_id,
        "user_id": str(author.id) if author else None,
        "user_name": (author.name or None) if author else None,
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


def present_list(listing: Listing) -> Found:
    """Return the reviews of a list, and how many there are in all."""
    return {"reviews": [present_review(review) for review in listing.reviews], "total": listing.total}
