"""The queue of moderators: what waits, the next one with all that helps to decide, and what was decided last."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef

from reviews.lifecycle import BY_MODERATORS, ReviewState
from reviews.models import Event, Flag, Review
from reviews.values import Caller

WAITING = (ReviewState.PENDING, ReviewState.FLAGGED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A review to decide about, its flags, what was done with it, and how its author's others stand, by state."""

    review: Review
    flags: tuple[Flag, ...]
    events: tuple[Event, ...]
    others: dict[str, int]

    @property
    def other_count(self) -> int:
        """How many other reviews its author has written."""
        return sum(self.others.values())


def next_one(without: Collection[int] = ()) -> Waiting | None:
    """Return what waits longest, pending ones before flagged ones, but those that were put off; None: nothing waits."""
    found = Review.objects.filter(state__in=WAITING).exclude(pk__in=list(without)).select_related("restaurant", "user")
    review = found.order_by("-state", "updated_at", "pk").first()  # "pending" > "flagged"
    if review is None:
        return None
    return Waiting(
        review,
        tuple(Flag.objects.filter(review=review).select_related("user").order_by("pk")),
        tuple(Event.objects.of(review.pk)[:10]),
        _others(review),
    )


def counts() -> dict[str, int]:
    """Return how many reviews wait, by state."""
    counted = Review.objects.filter(state__in=WAITING).values_list("state").annotate(Count("pk")).order_by("state")
    return {state.value: 0 for state in WAITING} | dict(counted)


def last_decided(caller: Caller) -> int | None:
    """Return the review about which the moderator decided last, of those to which nothing has happened since."""
    later = Event.objects.filter(review_id=OuterRef("review_id"), pk__gt=OuterRef("pk"))
    standing = Review.objects.filter(pk=OuterRef("review_id"), version=OuterRef("version"))
    own = Event.objects.filter(actor=caller.name, action__in=[move.value for move in BY_MODERATORS])
    found = own.filter(~Exists(later), Exists(standing)).order_by("-pk")
    return found.values_list("review_id", flat=True).first()


def _others(review: Review) -> dict[str, int]:
    if review.user_id is None:
        return {}
    others = Review.objects.filter(user_id=review.user_id).exclude(pk=review.pk)
    return dict(others.values_list("state").annotate(Count("pk")).order_by("state"))
