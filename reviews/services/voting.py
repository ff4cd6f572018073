"""Votes for reviews that were helpful: each person once; PostgreSQL counts."""

from dataclasses import dataclass

from jewgo.core.errors import Conflict
from restaurants.services.writing import rehearsed
from reviews.models import Review, Vote
from reviews.services.flagging import published
from reviews.values import Caller


class AlreadyVoted(Conflict):
    """One person votes for one review once."""

    code, title = "already_voted", "You have voted for this review already"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many found a review helpful, the caller among them or not."""

    helpful_count: int
    voted: bool


def vote(review_id: int, caller: Caller) -> Tally:
    """Vote for a published review; raises `ReviewNotFound`, `OwnReview`, `AlreadyVoted`."""
    return rehearsed(lambda: _vote(review_id, caller), dry_run=False)


def unvote(review_id: int, caller: Caller) -> Tally:
    """Take one's vote back; without one nothing changes. Raises `ReviewNotFound`, `OwnReview`."""
    return rehearsed(lambda: _unvote(review_id, caller), dry_run=False)


def _vote(review_id: int, caller: Caller) -> Tally:
    review = published(review_id, caller)
    if Vote.objects.filter(review=review, user_id=caller.person).exists():
        raise AlreadyVoted(hint="DELETE takes the vote back.")
    Vote.objects.create(review=review, user_id=caller.person)
    return _tally(review, voted=True)


def _unvote(review_id: int, caller: Caller) -> Tally:
    review = published(review_id, caller)
    Vote.objects.filter(review=review, user_id=caller.person).delete()
    return _tally(review, voted=False)


def _tally(review: Review, *, voted: bool) -> Tally:
    review.refresh_from_db(fields=["helpful_count"])
    return Tally(review.helpful_count, voted)
