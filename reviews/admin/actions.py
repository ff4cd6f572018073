"""What a moderator does with selected reviews: asked for the reason first, done to each by itself."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from jewgo.core.errors import JewgoError
from restaurants.services.writing import ANY_VERSION
from reviews import services
from reviews.admin.callers import moderator
from reviews.lifecycle import BY_MODERATORS, MOVES, Move
from reviews.models import Review
from reviews.services import replying
from reviews.services.moderating import Decision, Outcome
from reviews.values import NOTES_LENGTH, REASON_LENGTH

MOST: Final = 500
"""How many reviews one action takes: each is a decision of its own, in one request."""

SAID: Final = {
    Move.APPROVE: "Approve …",
    Move.REJECT: "Reject, with the reason …",
    Move.FLAG: "Take from the public until it is looked at …",
    Move.REQUEUE: "Let wait for a moderator again …",
}


class DecisionForm(forms.Form):
    """Why it is done, and what other moderators should know."""

    reason = forms.CharField(
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="The author reads it.",
    )
    notes = forms.CharField(
        max_length=NOTES_LENGTH,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="For moderators only.",
    )

    def __init__(self, move: Move, data: Any = None) -> None:
        super().__init__(data)
        self.fields["reason"].required = MOVES[move].needs_reason


def _decision(move: Move) -> Any:
    """Return the action that makes a move once its reason was given."""

    @admin.action(permissions=["change"], description=SAID[move])
    def act(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse | None:
        if _are_too_many(request, queryset):
            return None
        form = DecisionForm(move, request.POST if "apply" in request.POST else None)
        if not (form.is_bound and form.is_valid()):
            return _question(modeladmin, request, queryset, move, form)
        decision = Decision(move.value, form.cleaned_data["reason"], form.cleaned_data["notes"])
        numbers = list(queryset.order_by("pk").values_list("pk", flat=True))
        _tell(request, move.value, services.decide_many(numbers, decision, moderator(request)))
        return None

    act.__name__ = move.value
    return act


@admin.action(permissions=["change"], description="Delete the owners' replies")
def delete_replies(_modeladmin: Any, request: HttpRequest, queryset: QuerySet[Review]) -> None:
    """Take the replies away; the reviews stay."""
    if _are_too_many(request, queryset):
        return
    replied = list(queryset.filter(reply__isnull=False).order_by("pk").values_list("pk", flat=True))
    for number in replied:
        try:
            replying.remove(number, moderator(request), expect=ANY_VERSION)
        except JewgoError as refusal:
            messages.error(request, f"Review {number}: {refusal.message}")
    messages.success(request, f"{_counted(len(replied))} had a reply.")


def _question(
    modeladmin: Any, request: HttpRequest, queryset: QuerySet[Review], move: Move, form: DecisionForm
) -> HttpResponse:
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": f"{move.value.capitalize()}: {_counted(queryset.count())}",
        "opts": modeladmin.model._meta,
        "reviews": queryset.order_by("pk").select_related("restaurant", "user"),
        "form": form,
        "action": move.value,
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/reviews/review/question.html", context)


def _tell(request: HttpRequest, name: str, outcomes: Sequence[Outcome]) -> None:
    refused = [outcome for outcome in outcomes if outcome.refusal]
    if done := len(outcomes) - len(refused):
        messages.success(request, f"{name.capitalize()}: {_counted(done)}.")
    for outcome in refused[:20]:
        messages.error(request, f"Review {outcome.review_id}: {outcome.refusal}")
    if refused[20:]:
        messages.error(request, f"{len(refused) - 20} more were refused.")


def _are_too_many(request: HttpRequest, queryset: QuerySet[Review]) -> bool:
    count = queryset.count()
    if count > MOST:
        messages.error(request, f"Select at most {MOST}; these are {count}.")
    return count > MOST


def _counted(number: int) -> str:
    return "1 review" if number == 1 else f"{number} reviews"


ALL: Final[tuple[Any, ...]] = (*(_decision(move) for move in BY_MODERATORS), delete_replies)
