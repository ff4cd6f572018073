"""The v4 engine of reviews: rules and transactions."""

from jewgo.core.paging import Cursor, Page, PageRequest, scope_of
from restaurants.models import Restaurant
from reviews.models import Review
from reviews.repositories import ReviewRepository
from reviews.values import (
    Author,
    Draft,
    Listing,
    PlaceNotReviewable,
    ReviewCriteria,
    ReviewNotFound,
    Slice,
    Wanted,
    WrittenReview,
)


class ReviewService:
    """Finds reviews and takes new ones in; a new one waits for a moderator."""

    def __init__(self, reviews: ReviewRepository = Review.objects) -> None:
        self.reviews = reviews

    def page(self, asked: Slice) -> Listing:
        """Return one window of the matching reviews, the latest first, and their number."""
        found = self.reviews.matching(asked.criteria)
        rows = found.with_author()[asked.window.offset : asked.window.stop]
        return Listing(tuple(map(_written, rows)), found.count())

    def browse(self, criteria: ReviewCriteria, asked: PageRequest) -> Page[WrittenReview]:
        """Return one page of the matching reviews, the latest first; raises `InvalidCursor`."""
        scope = _scope(criteria)
        found = self.reviews.matching(criteria)
        total = found.count() if asked.include_total else None
        if asked.cursor is not None:
            (last,) = Cursor.read(asked.cursor, scope)
            found = found.after(int(last or 0))
        rows = map(_written, found.with_author()[: asked.limit + 1])
        return Page.cut(rows, limit=asked.limit, scope=scope, position=lambda review: [review.id], total=total)

    def get(self, wanted: Wanted) -> WrittenReview:
        """Return one review; raises `ReviewNotFound`, also when it is in a state that was not asked for."""
        found = self.reviews.matching(ReviewCriteria(states=wanted.states)).filter(pk=wanted.id)
        review = found.with_author().first()
        if review is None:
            raise ReviewNotFound
        return _written(review)

    def create(self, draft: Draft) -> WrittenReview:
        """Store a review that nobody has read yet; raises `PlaceNotReviewable`."""
        if not Restaurant.objects.published().filter(pk=draft.restaurant_id).exists():
            raise PlaceNotReviewable
        review = self.reviews.create(
            restaurant_id=draft.restaurant_id,
            rating=draft.rating,
            title=draft.title,
            content=draft.content,
            images=list(draft.images),
        )
        return _written(review)


def _scope(criteria: ReviewCriteria) -> str:
    return scope_of(
        {
            "states": sorted(criteria.states),
            "restaurant": criteria.restaurant_id,
            "ratings": sorted(criteria.ratings),
        }
    )


def _written(review: Review) -> WrittenReview:
    return WrittenReview(
        id=review.pk,
        restaurant_id=review.restaurant_id,
        author=Author(review.user.pk, review.user.name) if review.user else None,
        rating=review.rating,
        title=review.title,
        content=review.content,
        images=tuple(review.images),
        state=review.state,
        helpful_count=review.helpful_count,
        report_count=review.report_count,
        version=review.version,
        created_at=review.created_at,
        updated_at=review.updated_at,
    )
