"""The doors to the reviews' tables."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import F, QuerySet

from jewgo.core.repository import Repository
from reviews.values import ReviewCriteria

if TYPE_CHECKING:
    from reviews.models import Review


class ReviewQuerySet(QuerySet["Review"]):
    """The words in which reviews are asked for."""

    def matching(self, criteria: ReviewCriteria) -> "ReviewQuerySet":
        """Keep those that the criteria name."""
        found = self.filter(state__in=sorted(criteria.states))
        if criteria.restaurant_id is not None:
            found = found.filter(restaurant_id=criteria.restaurant_id)
        if criteria.ratings:
            found = found.filter(rating__in=sorted(criteria.ratings))
        return found

    def newest_first(self) -> "ReviewQuerySet":
        """Order by id, the latest first; ids are given in order of writing."""
        return self.order_by("-pk")

    def after(self, pk: int) -> "ReviewQuerySet":
        """Keep those that come after `pk` in the order of `newest_first`."""
        return self.filter(pk__lt=pk)

    def with_author(self) -> "ReviewQuerySet":
        """Fetch each review's author along with it."""
        return self.select_related("user")


class ReviewRepository(Repository["Review"]):
    """Reviews of places."""

    def get_queryset(self) -> ReviewQuerySet:
        return ReviewQuerySet(self.model, using=self._db)

    def matching(self, criteria: ReviewCriteria) -> ReviewQuerySet:
        """Return the reviews that the criteria name, the latest first."""
        return self.get_queryset().matching(criteria).newest_first()

    def move(self, keys: Iterable[int], *, to: str, now: datetime) -> int:
        """Bring the reviews with these ids to the state `to`, in one statement; return how many were not there yet."""
        moving = self.filter(pk__in=list(keys)).exclude(state=to)
        return moving.update(state=to, version=F("version") + 1, updated_at=now)
