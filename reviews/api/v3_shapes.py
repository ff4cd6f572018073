"""How v3 reads and writes reviews: the documented keys, in their order."""

from typing import Any, Final, TypedDict

from django.core.validators import URLValidator
from rest_framework import serializers

from jewgo.core.api.strict import read_body
from jewgo.core.envelope import timestamp
from reviews.values import (
    CONTENT_LENGTH,
    EVERY_STATE,
    MAX_ID,
    MOST_IMAGES,
    NOTES_LENGTH,
    RATINGS,
    REASON_LENGTH,
    TITLE_LENGTH,
    Amendment,
    Draft,
    KeptListing,
    Listing,
    Ruling,
    WrittenReview,
)

WEB: Final = URLValidator(schemes=["http", "https"], message="An http or https address.")


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


class SaidReview(OneReview):
    """What a change is answered with."""

    message: str


class Message(TypedDict):
    """What a deletion is answered with."""

    message: str


class KeptFound(Found):
    """A window of a moderator's list, and how many reviews there are in each state."""

    by_state: dict[str, int]


class Pages(TypedDict):
    """v3's numbered pages."""

    page: int
    limit: int
    total: int
    pages: int


class Stats(TypedDict):
    """How many reviews there are, in all and in each state."""

    total: int
    pending: int
    approved: int
    rejected: int
    flagged: int


class AdminPage(TypedDict):
    """What the moderator's list answers."""

    reviews: list[ReviewShape]
    pagination: Pages
    stats: Stats


class Success(TypedDict):
    """It is done."""

    success: bool


class AdminQuery(serializers.Serializer[Any]):
    """The parameters of the moderator's list as they are documented; they are read leniently."""

    page = serializers.IntegerField(default=1)
    limit = serializers.IntegerField(default=20, help_text="At most 100; more is lowered to it.")
    search = serializers.CharField(
        required=False, help_text="Part of the words, of the author's name or address, or of the place's name."
    )
    status = serializers.CharField(required=False, help_text="pending, approved, rejected or flagged; `all`: any.")
    restaurantId = serializers.IntegerField(required=False)  # noqa: N815


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
    images = serializers.ListField(
        child=serializers.URLField(max_length=1000, validators=[WEB]), max_length=MOST_IMAGES, default=list
    )

    @classmethod
    def draft(cls, data: Any, user_id: int | None) -> Draft:
        """Return the review that a body holds; raises `InvalidInput` with everything that is wrong with it."""
        body = read_body(cls, data)
        return Draft(
            restaurant_id=body["restaurantId"],
            rating=body["rating"],
            content=body["content"],
            title=body["title"] or "",
            images=tuple(body["images"]),
            user_id=user_id,
        )


class AmendmentBody(serializers.Serializer[Any]):
    """What an author says anew; null and absent leave it as it is."""

    rating = serializers.IntegerField(min_value=RATINGS[0], max_value=RATINGS[1], required=False, allow_null=True)
    title = serializers.CharField(max_length=TITLE_LENGTH, required=False, allow_blank=True, allow_null=True)
    content = serializers.CharField(
        min_length=CONTENT_LENGTH[0], max_length=CONTENT_LENGTH[1], required=False, allow_null=True
    )
    images = serializers.ListField(
        child=serializers.URLField(max_length=1000, validators=[WEB]),
        max_length=MOST_IMAGES,
        required=False,
        allow_null=True,
    )

    @classmethod
    def amendment(cls, data: Any) -> Amendment:
        """Return what a body says anew; raises `InvalidInput` with everything that is wrong with it."""
        body = read_body(cls, data)
        images = body.get("images")
        return Amendment(
            rating=body.get("rating"),
            title=body.get("title"),
            content=body.get("content"),
            images=None if images is None else tuple(images),
        )


class RulingBody(serializers.Serializer[Any]):
    """What v3's admin pages send of a review: a state, notes, or both."""

    status = serializers.ChoiceField(choices=sorted(EVERY_STATE), required=False, allow_null=True)
    moderator_notes = serializers.CharField(max_length=NOTES_LENGTH, required=False, allow_blank=True, allow_null=True)
    reason = serializers.CharField(max_length=REASON_LENGTH, required=False, allow_blank=True, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for something to do."""
        if attrs.get("status") is None and attrs.get("moderator_notes") is None:
            raise serializers.ValidationError({"status": ["Give a status, moderator_notes, or both."]})
        return attrs

    @classmethod
    def ruling(cls, data: Any, review_id: int) -> Ruling:
        """Return what a body decides; raises `InvalidInput` with everything that is wrong with it."""
        body = read_body(cls, data)
        return Ruling(
            review_id=review_id,
            state=body.get("status"),
            notes=body.get("moderator_notes"),
            reason=body.get("reason") or "",
        )


def present_review(review: WrittenReview) -> ReviewShape:
    """Return a review. Address and notes are known to moderators only; no purchase was ever verified."""
    author = review.author
    return {
        "id": str(review.id),
        "restaurant_id": review.restaurant_id,
        "user_id": str(author.id) if author else None,
        "user_name": (author.name or None) if author else None,
        "user_email": author.email if author else None,
        "rating": review.rating,
        "title": review.title or None,
        "content": review.content,
        "images": list(review.images),
        "status": review.state,
        "created_at": timestamp(review.created_at),
        "updated_at": timestamp(review.updated_at),
        "moderator_notes": review.notes or None,
        "verified_purchase": False,
        "helpful_count": review.helpful_count,
        "report_count": review.report_count,
    }


def present_list(listing: Listing) -> Found:
    """Return the reviews of a list, and how many there are in all."""
    return {"reviews": [present_review(review) for review in listing.reviews], "total": listing.total}


def present_kept(listing: KeptListing) -> KeptFound:
    """Return the reviews of a moderator's list, and how many there are of each kind."""
    shown = [present_review(review) for review in listing.reviews]
    return {"reviews": shown, "total": listing.total, "by_state": listing.by_state}
