"""The queue: what waits for a moderator, one review at a time, each decision leading to the next."""

from functools import partial
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from jewgo.core.errors import JewgoError, PreconditionFailed
from restaurants.services.writing import ANY_VERSION
from reviews import services
from reviews.admin.callers import moderator
from reviews.services import waiting
from reviews.services.moderating import UNDO, Decision

SKIPPED: Final = "reviews.skipped"
MOST_SKIPPED: Final = 500
REASONS: Final = (
    "It is not about the place.",
    "It insults somebody.",
    "It is an advertisement.",
    "It was not written by a guest.",
    "It says something about kashrus that only the agency can say.",
)
"""What a moderator most often has to say; any other text will do."""


def answer(modeladmin: Any, request: HttpRequest) -> HttpResponse:
    """Show what waits longest, or do what was decided and lead on to the next."""
    if not modeladmin.has_change_permission(request):
        raise PermissionDenied
    if request.method == "POST":
        _act(request)
        return HttpResponseRedirect(reverse("admin:reviews_review_queue"))
    return _page(modeladmin, request)


def _act(request: HttpRequest) -> None:
    """Do one of the page's forms; what is refused is said, and the page shows how things are now."""
    said = request.POST
    number, version = _number(said.get("review")), _number(said.get("version"))
    try:
        if said.get("action") == "skip":
            request.session[SKIPPED] = [*request.session.get(SKIPPED, []), number][-MOST_SKIPPED:]
        elif said.get("action") == "again":
            request.session.pop(SKIPPED, None)
        elif said.get("action") == UNDO:
            _undo(request)
        elif said.get("action") in ("approve", "reject"):
            decision = Decision(said["action"], said.get("reason", ""), said.get("notes", ""))
            services.decide(number, decision, moderator(request), expect=partial(_require, version))
            messages.success(request, f"Review {number}: {said['action']}.")
    except JewgoError as refusal:
        details = " ".join(problem.detail for problem in refusal.problems)
        messages.error(request, f"Nothing was done. {details or refusal.message} {refusal.hint or ''}".strip())


def _undo(request: HttpRequest) -> None:
    """Take the moderator's last decision back that nothing followed, and show that review again."""
    number = waiting.last_decided(moderator(request))
    if number is None:
        messages.warning(request, "There is no decision of yours to undo.")
        return
    review = services.decide(number, Decision(UNDO), moderator(request), expect=ANY_VERSION)
    skipped = request.session.get(SKIPPED, [])
    request.session[SKIPPED] = [other for other in skipped if other != number]
    messages.success(request, f"Review {number} is {review.state} again.")


def _page(modeladmin: Any, request: HttpRequest) -> HttpResponse:
    skipped = request.session.get(SKIPPED, [])
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": "Reviews that wait",
        "opts": modeladmin.model._meta,
        "found": waiting.next_one(skipped),
        "counts": waiting.counts(),
        "skipped": len(skipped),
        "can_undo": waiting.last_decided(moderator(request)) is not None,
        "reasons": REASONS,
    }
    return TemplateResponse(request, "admin/reviews/review/queue.html", context)


def _require(read: int, version: int) -> None:
    if read != version:
        raise PreconditionFailed("Somebody changed this review while you read it; look at it again.")


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
