"""How v4 shows reviews and what hangs on them."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from reviews.services.counting import Numbers
from reviews.services.flagging import Judged
from reviews.services.moderating import Happening, Outcome, Queues
from reviews.values import Caller, WrittenReview


class AuthorShape(TypedDict):
    """Who wrote a review, as the public may know them."""

    id: int
    name: str | None


class ReplyShape(TypedDict):
    """What an owner of the place answered."""

    content: str
    created_at: datetime
    updated_at: datetime


class ModerationShape(TypedDict):
    """What moderators alone see of a review."""

    author_email: str | None
    notes: str | None
    report_count: int
    open_flag_count: int


class ReviewShape(TypedDict):
    """A review; `status_reason` is shown to its author and to moderators, `moderation` to moderators."""

    id: int
    restaurant_id: int
    author: AuthorShape | None
    rating: int
    title: str | None
    content: str
    images: list[str]
    status: str
    helpful_count: int
    created_at: datetime
    updated_at: datetime
    reply: ReplyShape | None
    status_reason: NotRequired[str | None]
    moderation: NotRequired[ModerationShape]


class TallyShape(TypedDict):
    """How many found a review helpful, and whether the caller is among them."""

    helpful_count: int
    voted: bool


class FlagShape(TypedDict):
    """A flag as the one who raised it sees it."""

    id: int
    reason: str
    note: str | None
    status: str
    created_at: datetime


class JudgedFlagShape(FlagShape):
    """A flag as moderators see it: who raised it, who settled it and when."""

    user_id: int | None
    resolved_by: str | None
    resolved_at: datetime | None


class EventShape(TypedDict):
    """One thing that was done with a review; `after` is null where it was deleted."""

    id: int
    at: datetime
    actor: str
    action: str
    before: str
    after: str | None
    reason: str | None
    notes: str | None
    request_id: str | None


class RefusalShape(TypedDict):
    """Why nothing was done with one review of several."""

    code: str
    detail: str


class OutcomeShape(TypedDict):
    """How one review of several fared; `error` is null where it was moved."""

    id: int
    before: str | None
    after: str | None
    error: RefusalShape | None


class QueuesShape(TypedDict):
    """What waits for moderators, and since when."""

    by_status: dict[str, int]
    open_flags: int
    oldest_pending_at: datetime | None
    oldest_flagged_at: datetime | None


class NumbersShape(TypedDict):
    """What published reviews add up to: `average` is their mean, `bayesian` what the catalogue sorts by."""

    restaurant_id: int | None
    count: int
    average: float | None
    bayesian: float
    distribution: dict[str, int]


def present_review(review: WrittenReview, caller: Caller) -> ReviewShape:
    """Return a review as this caller may see it."""
    author = review.author
    shown: ReviewShape = {
        "id": review.id,
        "restaurant_id": review.restaurant_id,
        "author": {"id": author.id, "name": author.name or None} if author else None,
        "rating": review.rating,
        "title": review.title or None,
        "content": review.content,
        "images": list(review.images),
        "status": review.state,
        "helpful_count": review.helpful_count,
        "created_at": review.created_at,
        "updated_at": review.updated_at,
        "reply": ReplyShape(**asdict(review.reply)) if review.reply else None,  # type: ignore[typeddict-item]
    }
    if caller.moderates or caller.wrote(review.author_id):
        shown["status_reason"] = review.reason or None
    if caller.moderates:
        shown["moderation"] = _moderation(review)
    return shown


def _moderation(review: WrittenReview) -> ModerationShape:
    return {
        "author_email": review.author.email if review.author else None,
        "notes": review.notes or None,
        "report_count": review.report_count,
        "open_flag_count": review.open_flag_count,
    }


def present_flag(flag: Judged) -> FlagShape:
    """Return a flag as the one who raised it sees it."""
    return {
        "id": flag.id,
        "reason": flag.reason,
        "note": flag.note or None,
        "status": flag.state,
        "created_at": flag.created_at,
    }


def present_judged(flag: Judged) -> JudgedFlagShape:
    """Return a flag as moderators see it."""
    return {
        **present_flag(flag),
        "user_id": flag.user_id,
        "resolved_by": flag.resolved_by,
        "resolved_at": flag.resolved_at,
    }


def present_event(happening: Happening) -> EventShape:
    """Return one thing that was done with a review."""
    return {
        "id": happening.id,
        "at": happening.at,
        "actor": happening.actor,
        "action": happening.action,
        "before": happening.before,
        "after": happening.after,
        "reason": happening.reason or None,
        "notes": happening.notes or None,
        "request_id": happening.request_id or None,
    }


def present_outcome(outcome: Outcome) -> OutcomeShape:
    """Return how one review of several fared."""
    refusal = outcome.refusal
    return {
        "id": outcome.review_id,
        "before": outcome.before,
        "after": outcome.after,
        "error": {"code": refusal.code, "detail": _told(refusal)} if refusal else None,
    }


def _told(refusal: Any) -> str:
    return " ".join(problem.detail for problem in refusal.problems) or str(refusal)


def present_queues(queues: Queues) -> QueuesShape:
    """Return what waits."""
    return {
        "by_status": queues.by_state,
        "open_flags": queues.open_flags,
        "oldest_pending_at": queues.oldest_pending_at,
        "oldest_flagged_at": queues.oldest_flagged_at,
    }


def present_numbers(numbers: Numbers, restaurant_id: int | None) -> NumbersShape:
    """Return what published reviews add up to."""
    return {
        "restaurant_id": restaurant_id,
        "count": numbers.count,
        "average": numbers.average,
        "bayesian": numbers.bayesian,
        "distribution": {str(number): count for number, count in enumerate(numbers.stars, start=1)},
    }
