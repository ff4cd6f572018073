"""What v4 accepts about reviews: each parameter and member by name; anything else is refused."""

from collections.abc import Mapping
from typing import Any, Final

from django.core.validators import URLValidator
from rest_framework import serializers

from jewgo.core.api import PageQuery, StrictSerializer
from reviews.services.moderating import ACTIONS
from reviews.services.reading import NEWEST, ORDERS
from reviews.values import (
    CONTENT_LENGTH,
    EVERY_STATE,
    MOST_IMAGES,
    NOTE_LENGTH,
    NOTES_LENGTH,
    RATINGS,
    REASON_LENGTH,
    REPLY_LENGTH,
    TITLE_LENGTH,
    Amendment,
    Draft,
    FlagReason,
)

MOST_AT_ONCE: Final = 100
WEB: Final = URLValidator(schemes=["http", "https"], message="An http or https address.")


class ReviewsQuery(PageQuery):
    """The parameters of the list of reviews."""

    restaurant = serializers.IntegerField(min_value=1, required=False, help_text="Only reviews of this place.")
    rating = serializers.ListField(
        child=serializers.IntegerField(min_value=RATINGS[0], max_value=RATINGS[1]),
        default=list,
        help_text="Only reviews with this rating; several are alternatives.",
    )
    status = serializers.ChoiceField(
        choices=sorted(EVERY_STATE),
        required=False,
        help_text="Default: approved, and with `user=me` any. Of others than approved only moderators see all.",
    )
    user = serializers.ChoiceField(choices=["me"], required=False, help_text="`me`: one's own, in any state.")
    has_reply = serializers.BooleanField(required=False, help_text="With an owner's reply, or without.")
    sort = serializers.ChoiceField(
        choices=list(ORDERS), default=NEWEST, help_text="`oldest` (who waits longest) and `most_flagged`: moderators."
    )


class StatisticsQuery(StrictSerializer):
    """Of which place the numbers are told."""

    restaurant = serializers.IntegerField(min_value=1, required=False, help_text="Left out: of all places.")


class WriteQuery(StrictSerializer):
    """The parameters of a change."""

    dry_run = serializers.BooleanField(default=False, help_text="Do everything, store nothing.")


class AmendmentBody(StrictSerializer):
    """What a review says."""

    rating = serializers.IntegerField(min_value=RATINGS[0], max_value=RATINGS[1])
    title = serializers.CharField(max_length=TITLE_LENGTH, allow_blank=True, allow_null=True, default="")
    content = serializers.CharField(min_length=CONTENT_LENGTH[0], max_length=CONTENT_LENGTH[1])
    images = serializers.ListField(
        child=serializers.URLField(max_length=1000, validators=[WEB]), max_length=MOST_IMAGES, default=list
    )


class NewReviewBody(AmendmentBody):
    """A review as somebody writes it."""

    restaurant_id = serializers.IntegerField(min_value=1)


class FlagBody(StrictSerializer):
    """What is wrong with a review."""

    reason = serializers.ChoiceField(choices=FlagReason.values)
    note = serializers.CharField(
        max_length=NOTE_LENGTH, required=False, allow_blank=True, help_text="What it is, for `other`."
    )


class ReplyBody(StrictSerializer):
    """What an owner answers."""

    content = serializers.CharField(min_length=REPLY_LENGTH[0], max_length=REPLY_LENGTH[1])


class DecisionBody(StrictSerializer):
    """What a moderator decides."""

    action = serializers.ChoiceField(choices=ACTIONS)
    reason = serializers.CharField(
        max_length=REASON_LENGTH, required=False, allow_blank=True, help_text="The author reads it; `reject` needs it."
    )
    notes = serializers.CharField(
        max_length=NOTES_LENGTH, required=False, allow_blank=True, help_text="For moderators only."
    )


class ManyBody(DecisionBody):
    """What a moderator decides about several reviews."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MOST_AT_ONCE, help_text="At most 100."
    )
    versions = serializers.DictField(
        child=serializers.IntegerField(min_value=1),
        required=False,
        help_text="By id: the version that was read. One that has changed since is refused.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Do everything, store nothing.")


def draft_of(body: Mapping[str, Any], user_id: int | None) -> Draft:
    """Return the review that a validated body holds, as this person's."""
    return Draft(
        restaurant_id=body["restaurant_id"],
        rating=body["rating"],
        content=body["content"],
        title=body["title"] or "",
        images=tuple(body["images"]),
        user_id=user_id,
    )


def amendment_of(body: Mapping[str, Any]) -> Amendment:
    """Return what a validated body says anew; a title that is null becomes empty."""
    return Amendment(
        rating=body.get("rating"),
        title=(body["title"] or "") if "title" in body else None,
        content=body.get("content"),
        images=tuple(body["images"]) if "images" in body else None,
    )
