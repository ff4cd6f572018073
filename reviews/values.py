"""What both engines speak: immutable values, whole and free of any query, that a contract turns into its own shape."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from django.db.models import TextChoices

from jewgo.core.errors import Unauthenticated
from jewgo.core.paging import Window

MAX_ID: Final = 2**63 - 1
"""The largest id that the database can hold; whatever is larger names nothing."""

CONTENT_LENGTH: Final = (10, 1000)
TITLE_LENGTH: Final = 200
RATINGS: Final = (1, 5)
MOST_IMAGES: Final = 10
REASON_LENGTH: Final = 500
NOTE_LENGTH: Final = 500
NOTES_LENGTH: Final = 2000
REPLY_LENGTH: Final = (2, 1000)

PUBLISHED: Final = frozenset({"approved"})
EVERY_STATE: Final = frozenset({"pending", "approved", "rejected", "flagged"})


class FlagReason(TextChoices):
    """What may be wrong with a review; `other` needs a note."""

    INAPPROPRIATE = "inappropriate"
    SPAM = "spam"
    FAKE = "fake"
    OFFENSIVE = "offensive"
    IRRELEVANT = "irrelevant"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person by id, or none (a key, nobody), what they may see, and how the history calls them."""

    user_id: int | None = None
    sees_all: bool = False
    moderates: bool = False
    name: str = ""

    def sees(self, state: str, author_id: int | None) -> bool:
        """Say whether they may know of a review: an approved one, one of their own, or every one."""
        return self.sees_all or state in PUBLISHED or self.wrote(author_id)

    def wrote(self, author_id: int | None) -> bool:
        """Say whether a review with this author is their own; one without an author is nobody's."""
        return author_id is not None and author_id == self.user_id

    @property
    def person(self) -> int:
        """The person's id; raises `Unauthenticated` where only a person can do it and none asks."""
        if self.user_id is None:
            raise Unauthenticated("This is for people, not for keys.")
        return self.user_id


ANYBODY: Final = Caller()


@dataclass(frozen=True, slots=True)
class ReviewCriteria:
    """Which reviews are asked for, of those that `caller` may know of: in these states; of one place, with one of these
    ratings, by one author, with a reply or without, where that is given.
    """

    states: frozenset[str] = PUBLISHED
    restaurant_id: int | None = None
    ratings: frozenset[int] = frozenset()
    author_id: int | None = None
    has_reply: bool | None = None
    caller: Caller = ANYBODY


@dataclass(frozen=True, slots=True)
class Slice:
    """A window of the reviews that match, the latest first."""

    criteria: ReviewCriteria
    window: Window


@dataclass(frozen=True, slots=True)
class KeptCriteria:
    """What v3's admin pages ask: `text` is part of the words, the author's name or address, or the place's name."""

    text: str = ""
    state: str | None = None
    restaurant_id: int | None = None


@dataclass(frozen=True, slots=True)
class KeptSlice:
    """A window of all reviews that match, for moderators, the latest first."""

    criteria: KeptCriteria
    window: Window


@dataclass(frozen=True, slots=True)
class Wanted:
    """One review by its id, provided that the caller may know of it."""

    id: int
    caller: Caller = ANYBODY


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a review. The address is known to moderators only, and else None."""

    id: int
    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class OwnerReply:
    """What an owner of the place answered."""

    content: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class WrittenReview:
    """One review. `author` is None when it came with a service key or the person has left; `notes` is None to all but
    moderators; `reply` is None where there is none, and to the v3 contract, which knows no replies."""

    id: int
    restaurant_id: int
    author: Author | None
    rating: int
    title: str
    content: str
    images: tuple[str, ...]
    state: str
    reason: str
    notes: str | None
    helpful_count: int
    report_count: int
    open_flag_count: int
    version: int
    created_at: datetime
    updated_at: datetime
    reply: OwnerReply | None = None

    @property
    def author_id(self) -> int | None:
        """The author's id."""
        return self.author.id if self.author else None


@dataclass(frozen=True, slots=True)
class Listing:
    """A window of a list, and how many there are in all."""

    reviews: tuple[WrittenReview, ...]
    total: int


@dataclass(frozen=True, slots=True)
class KeptListing:
    """A window of a moderator's list, how many match, and how many reviews of each state there are in all."""

    reviews: tuple[WrittenReview, ...]
    total: int
    by_state: dict[str, int]


@dataclass(frozen=True, slots=True)
class Draft:
    """A review as somebody writes it; without `user_id` it came with a service key."""

    restaurant_id: int
    rating: int
    content: str
    title: str = ""
    images: tuple[str, ...] = ()
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an author says anew; None leaves it as it is."""

    rating: int | None = None
    title: str | None = None
    content: str | None = None
    images: tuple[str, ...] | None = None

    def said(self) -> Iterator[tuple[str, Any]]:
        """Yield each member that is given, with its value as a column holds it."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                yield field.name, list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a moderator of v3 decides: a state, notes, or both; None leaves it as it is."""

    review_id: int
    state: str | None = None
    notes: str | None = None
    reason: str = ""
