"""The doors to the reviews' tables."""

from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from jewgo.core.repository import Repository
from reviews.refusals import ReviewNotFound
from reviews.values import MAX_ID, PUBLISHED, Caller, KeptCriteria, ReviewCriteria

if TYPE_CHECKING:
    from reviews.models import Event, Flag, Reply, Review, Vote


class ReviewQuerySet(QuerySet["Review"]):
    """The words in which reviews are asked for."""

    def matching(self, criteria: ReviewCriteria) -> "ReviewQuerySet":
        """Keep those that the criteria name, of those that the caller may know of."""
        found = self.known_to(criteria.caller).filter(state__in=sorted(criteria.states))
        if criteria.restaurant_id is not None:
            found = found.filter(restaurant_id=criteria.restaurant_id)
        if criteria.ratings:
            found = found.filter(rating__in=sorted(criteria.ratings))
        if criteria.author_id is not None:
            found = found.filter(user_id=criteria.author_id)
        if criteria.has_reply is not None:
            found = found.filter(reply__isnull=not criteria.has_reply)
        return found

    def known_to(self, caller: Caller) -> "ReviewQuerySet":
        """Keep those that the caller may know of; see `Caller.sees`."""
        if caller.sees_all:
            return self
        known = Q(state__in=PUBLISHED)
        return self.filter(known if caller.user_id is None else known | Q(user_id=caller.user_id))

    def kept(self, criteria: KeptCriteria) -> "ReviewQuerySet":
        """Keep those that a moderator asks for."""
        found = self
        if criteria.state is not None:
            found = found.filter(state=criteria.state)
        if criteria.restaurant_id is not None:
            found = found.filter(restaurant_id=criteria.restaurant_id)
        if criteria.text:
            names = ("title", "content", "user__name", "user__email", "restaurant__name")
            found = found.filter(Q(*((f"{name}__icontains", criteria.text) for name in names), _connector=Q.OR))
        return found

    def newest_first(self) -> "ReviewQuerySet":
        """Order by id, the latest first; ids are given in order of writing."""
        return self.order_by("-pk")

    def with_author(self) -> "ReviewQuerySet":
        """Fetch each review's author along with it."""
        return self.select_related("user")

    def whole(self) -> "ReviewQuerySet":
        """Fetch author and reply along with each review."""
        return self.select_related("user", "reply")


class ReviewRepository(Repository["Review"]):
    """Reviews of places."""

    def get_queryset(self) -> ReviewQuerySet:
        return ReviewQuerySet(self.model, using=self._db)

    def matching(self, criteria: ReviewCriteria) -> ReviewQuerySet:
        """Return the reviews that the criteria name, in no order."""
        return self.get_queryset().matching(criteria)

    def locked(self, review_id: int) -> "Review":
        """Return one review under its lock; raises `ReviewNotFound`.

        The lock lets rows that refer to the review be written meanwhile, so two voters wait and never deadlock.
        """
        if not 0 < review_id <= MAX_ID:
            raise ReviewNotFound
        review = self.select_for_update(no_key=True).filter(pk=review_id).first()
        if review is None:
            raise ReviewNotFound
        return review


class EventRepository(Repository["Event"]):
    """The history; PostgreSQL itself refuses to change or delete a row."""

    def of(self, review_id: int) -> "QuerySet[Event]":
        """Return what was done with one review, the latest first."""
        return self.filter(review_id=review_id).order_by("-pk")


class FlagRepository(Repository["Flag"]):
    """Flags against reviews."""

    def judge(self, review_id: int, state: str, decision: "Event") -> int:
        """Let a decision settle the open flags of a review; return how many there were."""
        return self.filter(review_id=review_id, state="open").update(state=state, decision=decision)

    def reopen(self, decision: "Event") -> int:
        """Open the flags again that a decision had settled; return how many there were."""
        return self.filter(decision=decision).update(state="open", decision=None)


class VoteRepository(Repository["Vote"]):
    """Votes for reviews."""


class ReplyRepository(Repository["Reply"]):
    """Owners' replies to reviews."""

    def of(self, review_id: int) -> "Reply | None":
        """Return the reply to a review."""
        found: Any = self.filter(review_id=review_id).first()
        return found  # type: ignore[no-any-return]
