"""What becomes of a person's reviews, votes, flags and replies: told to them, and kept without them when they leave."""

from typing import Any

from django.db import transaction

from reviews.models import Flag, Reply, Review, Vote
from reviews.values import FlagReason

ERASED = "(erased)"


def export(user_id: int) -> dict[str, Any]:
    """Return all that this person has said here, as JSON takes it."""
    reviews = Review.objects.filter(user_id=user_id).order_by("pk")
    return {
        "reviews": list(
            reviews.values(
                "id", "restaurant_id", "rating", "title", "content", "images", "state", "state_reason",
                "created_at", "updated_at",
            )
        ),
        "flags": list(
            Flag.objects.filter(user_id=user_id)
            .order_by("pk")
            .values("review_id", "reason", "note", "state", "created_at")
        ),
        "votes": list(Vote.objects.filter(user_id=user_id).order_by("pk").values("review_id", "created_at")),
        "replies": list(
            Reply.objects.filter(user_id=user_id)
            .order_by("pk")
            .values("review_id", "content", "created_at", "updated_at")
        ),
    }  # fmt: skip


@transaction.atomic
def erase(user_id: int) -> None:
    """Take the person's name off everything; what they said of places stays, and every count stays exact.

    A flag's note is about somebody else and may say who wrote it: it goes, its reason stays.
    """
    Review.objects.filter(user_id=user_id).update(user=None)
    Vote.objects.filter(user_id=user_id).update(user=None)
    Reply.objects.filter(user_id=user_id).update(user=None)
    flags = Flag.objects.filter(user_id=user_id)
    flags.filter(reason=FlagReason.OTHER).update(note=ERASED)
    flags.exclude(reason=FlagReason.OTHER).update(note="")
    flags.update(user=None)
