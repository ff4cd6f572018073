"""Reading reviews: windows for v3, pages for v4, one review; nothing that the caller may not know of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import Count, Q

from jewgo.core.paging import Cursor, InvalidCursor, Page, PageRequest, scope_of
from reviews.lifecycle import ReviewState
from reviews.models import Reply, Review
from reviews.refusals import ReviewNotFound
from reviews.values import (
    MAX_ID,
    Author,
    Caller,
    KeptListing,
    KeptSlice,
    Listing,
    OwnerReply,
    ReviewCriteria,
    Slice,
    Wanted,
    WrittenReview,
)


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort: by a column, which way, then by id; and where in it a review stands."""

    column: str
    is_descending: bool
    key: Callable[[WrittenReview], Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """What a query orders by."""
        sign = "-" * self.is_descending
        return tuple(dict.fromkeys((f"{sign}{self.column}", f"{sign}id")))

    def beyond(self, position: tuple[Any, ...]) -> Q:
        """Keep what comes after a position; raises `InvalidCursor` when it is none of this order."""
        if len(position) != 2:
            raise InvalidCursor
        further, (key, pk) = "lt" if self.is_descending else "gt", position
        return Q((f"{self.column}__{further}", key)) | Q((self.column, key), (f"id__{further}", pk))


ORDERS: Final[Mapping[str, Order]] = {
    "-created": Order("id", True, lambda review: review.id),  # ids are given in order of writing
    "created": Order("id", False, lambda review: review.id),
    "-rating": Order("rating", True, lambda review: review.rating),
    "rating": Order("rating", False, lambda review: review.rating),
    "-helpful": Order("helpful_count", True, lambda review: review.helpful_count),
    "oldest": Order("updated_at", False, lambda review: review.updated_at.isoformat()),
    "most_flagged": Order("open_flag_count", True, lambda review: review.open_flag_count),
}
"""`oldest` is who waits longest: since the review was written, changed by its author or moved."""

NEWEST: Final = "-created"
FOR_MODERATORS: Final = frozenset({"oldest", "most_flagged"})


def page(asked: Slice) -> Listing:
    """Return one window of the matching reviews, the latest first, and their number."""
    found = Review.objects.matching(asked.criteria)
    rows = found.newest_first().with_author()[asked.window.offset : asked.window.stop]
    return Listing(tuple(written(row, asked.criteria.caller) for row in rows), found.count())


def browse(criteria: ReviewCriteria, asked: PageRequest, sort: str = NEWEST) -> Page[WrittenReview]:
    """Return one page of the matching reviews, each with its reply; raises `InvalidCursor`."""
    order, scope = ORDERS[sort], _scope(criteria, sort)
    found = Review.objects.matching(criteria)
    total = found.count() if asked.include_total else None
    if asked.cursor is not None:
        found = found.filter(order.beyond(Cursor.read(asked.cursor, scope)))
    rows = found.whole().order_by(*order.columns)[: asked.limit + 1]
    return Page.cut(
        (whole(row, criteria.caller) for row in rows),
        limit=asked.limit,
        scope=scope,
        position=lambda review: [order.key(review), review.id],
        total=total,
    )


def get(wanted: Wanted) -> WrittenReview:
    """Return one review as v3 knows it; raises `ReviewNotFound`, also when the caller may not know of it."""
    return written(_known(wanted), wanted.caller)


def read(wanted: Wanted) -> WrittenReview:
    """Return one review with its reply; raises as `get` does."""
    return whole(_known(wanted), wanted.caller)


def kept(asked: KeptSlice) -> KeptListing:
    """Return one window of a moderator's list, the latest first, their number, and how many are in each state."""
    found = Review.objects.get_queryset().kept(asked.criteria)
    rows = found.newest_first().with_author()[asked.window.offset : asked.window.stop]
    shown = tuple(written(row, MODERATOR) for row in rows)
    return KeptListing(shown, found.count(), by_state())


def by_state() -> dict[str, int]:
    """Return how many reviews there are in each state."""
    counted = Review.objects.values_list("state").annotate(Count("pk")).order_by("state")
    return dict.fromkeys(ReviewState.values, 0) | dict(counted)


def written(review: Review, caller: Caller) -> WrittenReview:
    """Return a stored review as this caller may know it, without its reply."""
    user = review.user
    return WrittenReview(
        id=review.pk,
        restaurant_id=review.restaurant_id,
        author=Author(user.pk, user.name, user.email if caller.moderates else None) if user else None,
        rating=review.rating,
        title=review.title,
        content=review.content,
        images=tuple(review.images),
        state=review.state,
        reason=review.state_reason,
        notes=review.moderator_notes if caller.moderates else None,
        helpful_count=review.helpful_count,
        report_count=review.report_count,
        open_flag_count=review.open_flag_count,
        version=review.version,
        created_at=review.created_at,
        updated_at=review.updated_at,
    )


def whole(review: Review, caller: Caller) -> WrittenReview:
    """Return a stored review as this caller may know it, with its reply."""
    return replace(written(review, caller), reply=reply_of(review))


def reply_of(review: Review) -> OwnerReply | None:
    """Return the reply to a review, None where there is none."""
    try:
        reply: Reply = review.reply
    except Reply.DoesNotExist:
        return None
    return OwnerReply(reply.content, reply.created_at, reply.updated_at)


def _known(wanted: Wanted) -> Review:
    fits = 0 < wanted.id <= MAX_ID
    found = Review.objects.get_queryset().known_to(wanted.caller).filter(pk=wanted.id).whole()
    review = found.first() if fits else None
    if review is None:
        raise ReviewNotFound
    return review


def _scope(criteria: ReviewCriteria, sort: str) -> str:
    return scope_of(
        {
            "states": sorted(criteria.states),
            "restaurant": criteria.restaurant_id,
            "ratings": sorted(criteria.ratings),
            "author": criteria.author_id,
            "has_reply": criteria.has_reply,
            "sort": sort,
        }
    )


MODERATOR: Final = Caller(sees_all=True, moderates=True)
