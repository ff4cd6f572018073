"""All reviews in numbers."""

from datetime import date
from typing import TypedDict

from django.db.models import Count

from jewgo.core import growth
from reviews.models import Review
from reviews.services.counting import statistics
from reviews.values import EVERY_STATE


class ReviewNumbers(TypedDict):
    """Approved reviews, how many have one star to five, and their mean; None without reviews."""

    total: int
    by_rating: dict[str, int]
    average: float | None


def numbers() -> ReviewNumbers:
    """Count what is published; one query."""
    published = statistics()
    by_rating = {str(stars): count for stars, count in enumerate(published.stars, start=1)}
    return {"total": published.count, "by_rating": by_rating, "average": published.average}


def by_state() -> dict[str, int]:
    """Return how many reviews are in each state; one query."""
    found = dict(Review.objects.values_list("state").annotate(Count("pk")).order_by("state"))
    return {state: found.get(state, 0) for state in sorted(EVERY_STATE)}


def by_month(since: date) -> dict[date, int]:
    """Return how many published reviews were written in each month from `since` on."""
    return growth.by_month(Review.objects.filter(state="approved"), "created_at", since)
