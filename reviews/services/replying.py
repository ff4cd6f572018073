"""An owner's reply to a review of their place: one a review, shown with it, part of its version."""

from collections.abc import Callable
from typing import Final

from django.utils.timezone import now

from jewgo.core.errors import Conflict, Forbidden, NotFound
from restaurants.services.owning import owns
from restaurants.services.writing import Expectation, rehearsed
from reviews.lifecycle import ReviewState
from reviews.models import Reply, Review
from reviews.refusals import ReviewNotFound
from reviews.services.reading import read
from reviews.services.writing import locked, remember
from reviews.values import Caller, Wanted, WrittenReview

REMOVED: Final = "reply_deleted"


class NotTheOwner(Forbidden):
    """The place is somebody else's."""

    code, title = "not_the_owner", "Only an owner of the place replies to its reviews"


class AlreadyReplied(Conflict):
    """One review has one reply."""

    code, title = "already_replied", "This review has a reply already"


class NoReply(NotFound):
    """The review has no reply."""

    code, title = "no_reply", "This review has no reply"


def reply(review_id: int, content: str, caller: Caller, *, expect: Expectation, dry_run: bool = False) -> WrittenReview:
    """Answer a published review of a place of one's own, and return it.

    Raises `ReviewNotFound`, `NotTheOwner`, what `expect` raises, and `AlreadyReplied`.
    """

    def work(review: Review, found: Reply | None) -> None:
        if found is not None:
            raise AlreadyReplied(hint="Change it with PATCH.")
        Reply.objects.create(review=review, user_id=caller.user_id, content=content)

    return _change(review_id, caller, expect, work, dry_run=dry_run)


def amend(review_id: int, content: str, caller: Caller, *, expect: Expectation, dry_run: bool = False) -> WrittenReview:
    """Say the reply anew. Raises as `reply` does, and `NoReply`."""

    def work(_: Review, found: Reply | None) -> None:
        row = _there(found)
        row.content, row.user_id, row.updated_at = content, caller.user_id, now()
        row.save()

    return _change(review_id, caller, expect, work, dry_run=dry_run)


def remove(review_id: int, caller: Caller, *, expect: Expectation, dry_run: bool = False) -> WrittenReview:
    """Take the reply away; moderators may, too, which the history keeps. Raises as `amend` does."""

    def work(review: Review, found: Reply | None) -> None:
        _there(found).delete()
        if caller.moderates:
            remember(review, caller, REMOVED, before=review.state, after=review.state, reason=review.state_reason)

    return _change(review_id, caller, expect, work, dry_run=dry_run, is_for_moderators=True)


def _change(
    review_id: int,
    caller: Caller,
    expect: Expectation,
    work: Callable[[Review, Reply | None], None],
    *,
    dry_run: bool,
    is_for_moderators: bool = False,
) -> WrittenReview:
    """Do the work under the review's lock, as the review's next version."""

    def apply() -> WrittenReview:
        review = _replyable(review_id, caller, is_for_moderators=is_for_moderators)
        expect(review.version)
        review.version += 1
        work(review, Reply.objects.of(review_id))
        review.save(update_fields=["version"])
        return read(Wanted(review_id, caller))

    return rehearsed(apply, dry_run=dry_run)


def _replyable(review_id: int, caller: Caller, *, is_for_moderators: bool) -> Review:
    review = locked(review_id, caller)
    if is_for_moderators and caller.moderates:
        return review
    if not owns(caller.user_id, review.restaurant_id):
        raise NotTheOwner
    if review.state != ReviewState.APPROVED:
        raise ReviewNotFound
    return review


def _there(found: Reply | None) -> Reply:
    if found is None:
        raise NoReply
    return found
