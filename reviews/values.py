"""What both engines speak: immutable values, whole and free of any query, that a contract turns into its own shape."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jewgo.core.errors import InvalidInput, NotFound, Problem
from jewgo.core.paging import Window

MAX_ID: Final = 2**63 - 1
"""The largest id that the database can hold; whatever is larger names nothing."""

CONTENT_LENGTH: Final = (10, 1000)
TITLE_LENGTH: Final = 200
RATINGS: Final = (1, 5)
MOST_IMAGES: Final = 10

PUBLISHED: Final = frozenset({"approved"})
EVERY_STATE: Final = frozenset({"pending", "approved", "rejected", "flagged"})


class ReviewNotFound(NotFound):
    """There is no such review, or this caller may not know of it; which of the two is never said."""

    code, title = "review_not_found", "Review not found"


class PlaceNotReviewable(InvalidInput):
    """The place does not exist or is not published."""

    code, title = "place_not_reviewable", "There is no such restaurant to review"

    def __init__(self) -> None:
        super().__init__(problems=[Problem(self.code, f"{self.title}.", pointer="/restaurantId")])


@dataclass(frozen=True, slots=True)
class ReviewCriteria:
    """Which reviews are asked for: in these states, of one place or of all, with one of these ratings or with any."""

    states: frozenset[str] = PUBLISHED
    restaurant_id: int | None = None
    ratings: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Slice:
    """A window of the reviews that match, the latest first."""

    criteria: ReviewCriteria
    window: Window


@dataclass(frozen=True, slots=True)
class Wanted:
    """One review by its id, provided that it is in a state that the caller may see."""

    id: int
    states: frozenset[str] = PUBLISHED


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a review, as the public may know them. The address is no part of it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class WrittenReview:
    """One review. `author` is None when it came with a service key or the person has left."""

    id: int
    restaurant_id: int
    author: Author | None
    rating: int
    title: str
    content: str
    images: tuple[str, ...]
    state: str
    helpful_count: int
    report_count: int
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """A window of a list, and how many there are in all."""

    reviews: tuple[WrittenReview, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A review as somebody writes it."""

    restaurant_id: int
    rating: int
    content: str
    title: str = ""
    images: tuple[str, ...] = ()
