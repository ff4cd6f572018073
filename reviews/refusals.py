"""What both engines refuse, and how it is called."""

from jewgo.core.errors import Conflict, Forbidden, InvalidInput, NotFound, Problem


class ReviewNotFound(NotFound):
    """There is no such review, or this caller may not know of it; which of the two is never said."""

    code, title = "review_not_found", "Review not found"


class PlaceNotReviewable(InvalidInput):
    """The place does not exist or is not published."""

    code, title = "place_not_reviewable", "There is no such restaurant to review"

    def __init__(self, pointer: str = "/restaurantId") -> None:
        super().__init__(problems=[Problem(self.code, f"{self.title}.", pointer=pointer)])


class AlreadyReviewed(Conflict):
    """One person has one review of a place; `review_id` is theirs, None when it vanished meanwhile."""

    code, title = "already_reviewed", "You have reviewed this restaurant already"

    def __init__(self, review_id: int | None) -> None:
        self.review_id = review_id
        super().__init__(
            hint="Change your review instead, or delete it first.",
            meta={} if review_id is None else {"review_id": review_id},
        )


class NotTheAuthor(Forbidden):
    """Somebody else wrote it."""

    code, title = "not_the_author", "Only its author may change a review"
