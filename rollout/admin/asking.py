"""The page that asks before a move, for one feature, for many, and for an edit of the form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.module_loading import import_string

from jewgo.core.errors import JewgoError
from rollout.admin.concerned import Concerned
from rollout.admin.confirmation import ConfirmForm, Preview, Wish, carry_out, preview, told
from rollout.admin.offers import Offer
from rollout.models import Flag
from rollout.moves import Actor, Report, Terms
from rollout.services import RolloutService
from rollout.transitions import StaleVersion

CONFIRMED = "_confirm"
"""The member of a POST that tells an answer from a question."""
STOPS = frozenset({"rollback", "pause"})


@dataclass(frozen=True, slots=True)
class Question:
    """Moves somebody wishes for, and the page that asks about them. `flags` are the features as they were read."""

    title: str
    means: Sequence[str]
    verb: str
    wishes: Sequence[Wish]
    flags: Mapping[str, Flag]
    action_url: str
    back: str
    carried: forms.BaseForm | None = None
    selects_by: str = ""
    """For a bulk action, the name under which the features still possible are posted again."""
    hidden: Sequence[tuple[str, str]] = field(default_factory=tuple)

    @property
    def kind(self) -> str:
        """The first move's name, which the page's style goes by."""
        return self.wishes[0].offer.name

    @property
    def only_stops(self) -> bool:
        """Whether it does nothing but send people back or hold them where they are: that may never have to wait."""
        return all(wish.offer.name in STOPS for wish in self.wishes)

    @property
    def seen(self) -> dict[str, int]:
        """The versions of the features as they were read."""
        return {name: flag.version for name, flag in self.flags.items()}

    def posted_again(self, shown: Preview) -> list[tuple[str, str]]:
        """Return what the page carries besides its form."""
        possible = [flag for name, flag in self.flags.items() if name in shown.movable]
        selected = [(self.selects_by, str(flag.pk)) for flag in possible] if self.selects_by else []
        return [(CONFIRMED, "1"), *self.hidden, *selected]


def question_about(offer: Offer, flag: Flag, arguments: Mapping[str, Any], *, action_url: str, back: str) -> Question:
    """Return the question about one move of one feature."""
    return Question(
        title=f"{offer.label}: {flag.name}",
        means=[offer.means],
        verb=offer.label_for(flag),
        wishes=[Wish(offer, (flag.name,), arguments)],
        flags={flag.name: flag},
        action_url=action_url,
        back=back,
    )


class Asking:
    """What a ModelAdmin of features needs to ask and to do; `service` is the only way to a move."""

    model: type[Flag]
    admin_site: admin.AdminSite
    service = RolloutService()

    def put(self, request: HttpRequest, question: Question) -> HttpResponse:
        """Ask, or when this is the answer, make the moves and go back; a refusal asks again and says why.

        Before either, see who it is: an answer that comes too late for that becomes the question again.
        """
        who_are_you = None if question.only_stops else ask_who(request)
        if who_are_you is not None:
            return who_are_you
        if request.method != "POST" or CONFIRMED not in request.POST:
            reason = request.POST.get("reason", "")
            return self.ask(request, question, ConfirmForm(initial={"seen": question.seen, "reason": reason}))
        form = ConfirmForm(request.POST)
        if not form.is_valid():
            return self.ask(request, question, form)
        terms = terms_of(request, form.cleaned_data)
        try:
            reports = carry_out(self.service, question.wishes, terms)
        except JewgoError as error:
            again = ConfirmForm(initial={"reason": terms["reason"], "seen": question.seen})
            return self.ask(request, question, again, error)
        self.tell(request, question, reports)
        return HttpResponseRedirect(question.back)

    def ask(
        self, request: HttpRequest, question: Question, form: ConfirmForm, error: JewgoError | None = None
    ) -> HttpResponse:
        """Show what the moves would do now and ask for a reason; `error` is what stopped them a moment ago."""
        shown = preview(self.service, question.wishes, Actor.user(request.user), timezone.now())
        is_forceable = shown.is_forceable and not question.selects_by
        if not is_forceable:
            del form.fields["force"]
        context = {
            "title": question.title,
            "question": question,
            "flag": None if question.selects_by else next(iter(question.flags.values())),
            "preview": shown,
            "concerned": [Concerned.of(radius) for radius in shown.radii],
            "is_possible": bool(shown.movable) or is_forceable,
            "posted_again": question.posted_again(shown),
            "form": form,
            "error": error,
            "is_stale": isinstance(error, StaleVersion),
        }
        return self.page(request, "confirm", context, status=error.status if error else 200)

    def page(self, request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Render one of our templates inside the admin."""
        whole = {**self.admin_site.each_context(request), "opts": self.model._meta, **context}
        return TemplateResponse(request, f"admin/rollout/flag/{name}.html", whole, status=status)

    def tell(self, request: HttpRequest, question: Question, reports: Sequence[Report]) -> None:
        """Say what became of each feature."""
        for report in reports:
            for went_well, sentence in told(report):
                messages.add_message(request, messages.SUCCESS if went_well else messages.WARNING, sentence)


def ask_who(request: HttpRequest) -> HttpResponse | None:
    """Return the way to prove who one is, when that was too long ago (setting ROLLOUT["ASK_AGAIN"])."""
    ask = cast("Callable[..., HttpResponse | None]", import_string(settings.ROLLOUT["ASK_AGAIN"]))
    return ask(request, without=CONFIRMED)


def terms_of(request: HttpRequest, answer: Mapping[str, Any]) -> Terms:
    """Return the terms of the moves: who asks, why, and what they had seen."""
    return {
        "actor": Actor.user(request.user),
        "reason": answer["reason"],
        "force": answer.get("force", False),
        "expect_version": answer["seen"],
    }
