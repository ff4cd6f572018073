"""How the v4 engine writes a review: one a person and place, changed under its lock, with its history."""

from collections.abc import Callable
from functools import partial
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from jewgo.core.middleware import current_request_id
from restaurants.freshness import CATALOGUE
from restaurants.models import Restaurant
from restaurants.services.writing import ANY_VERSION, Expectation, rehearsed
from reviews.lifecycle import Move, ReviewState, after
from reviews.models import Event, Review
from reviews.refusals import AlreadyReviewed, NotTheAuthor, PlaceNotReviewable, ReviewNotFound
from reviews.services.reading import read, written
from reviews.values import Amendment, Caller, Draft, Wanted, WrittenReview

ONE_EACH: Final = "reviews_review_one_per_user_and_place"

OWN_COLUMNS: Final = ("rating", "title", "content", "images", "state", "state_reason", "moderator_notes", "version",
                      "updated_at")  # fmt: skip
"""What is written here. The counts are PostgreSQL's: a row read before a flag was judged knows older ones."""


def create(draft: Draft, caller: Caller, *, dry_run: bool = False) -> WrittenReview:
    """Store a review that nobody has read yet; raises `PlaceNotReviewable`, `AlreadyReviewed`."""
    return rehearsed(lambda: written(_store(draft), caller), dry_run=dry_run)


def amend(
    review_id: int,
    amendment: Amendment,
    caller: Caller,
    *,
    expect: Expectation = ANY_VERSION,
    dry_run: bool = False,
) -> WrittenReview:
    """Change what its author says; it waits for a moderator again. Saying the same changes nothing.

    Raises `ReviewNotFound`, `NotTheAuthor`, and what `expect` raises.
    """
    return rehearsed(lambda: _amend(review_id, amendment, caller, expect), dry_run=dry_run)


def delete(review_id: int, caller: Caller, *, expect: Expectation = ANY_VERSION, dry_run: bool = False) -> None:
    """Remove a review with its votes, flags and reply; the history keeps that, and no word of it.

    Its author and moderators may. Raises `ReviewNotFound`, `NotTheAuthor`, and what `expect` raises.
    """
    rehearsed(partial(_delete, review_id, caller, expect), dry_run=dry_run)


def locked(review_id: int, caller: Caller) -> Review:
    """Return one review under its lock; raises `ReviewNotFound`, also when the caller may not know of it."""
    review = Review.objects.locked(review_id)
    if not caller.sees(review.state, review.user_id):
        raise ReviewNotFound
    return review


def store(review: Review, caller: Caller, action: str, *, before: str, reason: str = "", notes: str = "") -> Event:
    """Write a review as its next version, with what was done to it; return that."""
    review.version += 1
    if review.state != before or action == Move.EDIT:
        review.updated_at = now()
    review.save(update_fields=OWN_COLUMNS)
    refresh_catalogue(before, review.state)
    return remember(review, caller, action, before=before, after=review.state, reason=reason, notes=notes)


def remember(
    review: Review, caller: Caller, action: str, *, before: str, after: str, reason: str = "", notes: str = ""
) -> Event:
    """Write into the history what was done with a review."""
    return Event.objects.create(
        review_id=review.pk,
        restaurant_id=review.restaurant_id,
        actor=caller.name,
        action=action,
        before=before,
        after=after,
        reason=reason,
        notes=notes,
        version=review.version,
        request_id=current_request_id(),
    )


def refresh_catalogue(before: str, after: str) -> None:
    """Forget the places' lists that are kept, when what is published has changed: they show ratings."""
    if ReviewState.APPROVED in (before, after):
        CATALOGUE.invalidate()


def _store(draft: Draft) -> Review:
    if not Restaurant.objects.published().filter(pk=draft.restaurant_id).exists():
        raise PlaceNotReviewable
    row = Review(
        restaurant_id=draft.restaurant_id,
        user_id=draft.user_id,
        rating=draft.rating,
        title=draft.title,
        content=draft.content,
        images=list(draft.images),
    )
    return _once(row.save, draft, row)


def _once(save: Callable[[], None], draft: Draft, row: Review) -> Review:
    """Insert, and let the database say that the person has reviewed the place: of two at once it takes one."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError as error:
        if _violated(error) != ONE_EACH or draft.user_id is None:
            raise
        own = Review.objects.filter(user_id=draft.user_id, restaurant_id=draft.restaurant_id)
        raise AlreadyReviewed(own.values_list("pk", flat=True).first()) from None
    return row


def _violated(error: IntegrityError) -> str | None:
    """Return the name of the constraint that refused a statement."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name: str | None = getattr(diagnosis, "constraint_name", None)
    return name


def _amend(review_id: int, amendment: Amendment, caller: Caller, expect: Expectation) -> WrittenReview:
    review = locked(review_id, caller)
    if not caller.wrote(review.user_id):
        raise NotTheAuthor
    expect(review.version)
    before, changed = review.state, {n: v for n, v in amendment.said() if getattr(review, n) != v}
    for name, value in changed.items():
        setattr(review, name, value)
    if changed:
        review.state, review.state_reason = after(Move.EDIT, before), ""
        store(review, caller, Move.EDIT, before=before)
    return read(Wanted(review_id, caller))


def _delete(review_id: int, caller: Caller, expect: Expectation) -> None:
    review = locked(review_id, caller)
    if not (caller.moderates or caller.wrote(review.user_id)):
        raise NotTheAuthor("Only its author or a moderator may delete a review.")
    expect(review.version)
    remember(review, caller, "delete", before=review.state, after="")
    review.delete()
    refresh_catalogue(review.state, "")
