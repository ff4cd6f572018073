"""The features' pages: list, form, history, and a question before every move. Only the service moves anything."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from rollout.admin.asking import Asking, Question, question_about
from rollout.admin.confirmation import Wish
from rollout.admin.edits import FlagForm
from rollout.admin.offers import BULK, OFFERS, Offer
from rollout.admin.pages import FlagPage
from rollout.admin.words import MARKS
from rollout.models import Flag, StageChange
from rollout.propagation import propagation
from rollout.stages import Stage, plain
from rollout.status import effective_percentage

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Flag]
else:
    Base = admin.ModelAdmin

LINES_PER_PAGE = 50
Action = Callable[["FlagAdmin", HttpRequest, QuerySet[Flag]], HttpResponse]


def bulk(offer: Offer) -> Action:
    """Return the list's action for a move."""

    @admin.action(description=f"{offer.label} the selected features", permissions=["change"])
    def action(page: "FlagAdmin", request: HttpRequest, flags: QuerySet[Flag]) -> HttpResponse:
        return page.move_many(request, flags, offer)

    action.__name__ = f"{offer.name}_selected"
    return action


@admin.register(Flag)
class FlagAdmin(Asking, Base):
    """Features: declared in settings, so neither added nor deleted here."""

    form = FlagForm
    change_form_template = "admin/rollout/flag/change_form.html"
    change_list_template = "admin/rollout/flag/change_list.html"
    list_display = ("name_and_note", "stands", "asked", "served", "here_for")
    list_filter = ("stage", "paused", "cohort")
    list_select_related = ("prerequisite",)
    search_fields = ("name", "note")
    ordering = ("name",)
    actions = [bulk(OFFERS[name]) for name in BULK]
    autocomplete_fields = ("users", "groups")
    readonly_fields = ("cohort", "prerequisite", "note")
    testers: ClassVar[dict[str, Any]] = {
        "fields": ("staff", "superusers", "groups", "users"),
        "description": "They get v4 from TESTING on, whatever their slot says.",
    }

    @admin.display(description="feature", ordering="name")
    def name_and_note(self, flag: Flag) -> str:
        """Its name, what it gates, and what it stands on."""
        stands_on = f" · stands on {flag.prerequisite.name}" if flag.prerequisite else ""
        return format_html('{} <span class="rollout-quiet">{}{}</span>', flag.name, flag.note, stands_on)

    @admin.display(description="stage", ordering="stage")
    def stands(self, flag: Flag) -> str:
        """Its stage, as a mark and a word, and whether automatic widening is held."""
        said = f"{Stage(flag.stage).name}{', paused' if flag.paused else ''}"
        mark = MARKS[Stage(flag.stage)]
        return format_html('<span class="rollout-mark" aria-hidden="true">{}</span> {}', mark, said)

    @admin.display(description="asked for", ordering="percentage")
    def asked(self, flag: Flag) -> str:
        """The share of callers that its own stage lets in."""
        return f"{plain(flag.position.share)} %"

    @admin.display(description="served")
    def served(self, flag: Flag) -> str:
        """The share that its prerequisites leave of that."""
        return f"{plain(getattr(flag, 'served_share', flag.position.share))} %"

    @admin.display(description="here for", ordering="-entered_at")
    def here_for(self, flag: Flag) -> str:
        """How long it has been in its place, in its largest unit."""
        return timesince(flag.entered_at, depth=1)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a feature is declared in settings."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Flag | None = None) -> bool:
        """Refuse: the ledger names it."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        """Bring the prerequisite and the plan along."""
        return super().get_queryset(request).select_related("prerequisite").prefetch_related("steps")

    def get_fieldsets(self, request: HttpRequest, obj: Flag | None = None) -> Any:
        """Carry the version only where the form can be sent."""
        carried = ("version_seen",) if self.has_change_permission(request, obj) else ()
        return (
            ("Where it stands", {"fields": ("stage", "percentage", "holdout", "paused", *carried)}),
            ("Testers", self.testers),
            ("What it is", {"fields": self.readonly_fields}),
        )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the testers there are; people and groups are made on pages of their own."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in self.autocomplete_fields and field is not None:
            field.widget.can_add_related = False
        return field

    def get_urls(self) -> list[URLPattern]:
        """Add the page of each move."""
        page = self.admin_site.admin_view(self.move_view)
        return [path("<int:pk>/move/<slug:name>/", page, name="rollout_flag_move"), *super().get_urls()]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Work out for each row what its prerequisites leave of its share."""
        found = super().get_changelist_instance(request)
        flags = {flag.name: flag for flag in Flag.objects.select_related("prerequisite")}
        rows = list(found.result_list)
        for flag in rows:
            flag.served_share = effective_percentage(flag.name, flags)
        found.result_list = rows
        return found

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the features under one sentence on the workers."""
        context = {"title": "Features", "propagation": propagation(), **(extra_context or {})}
        return super().changelist_view(request, context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form; an edit is never saved but asked about."""
        if request.method == "POST":
            return self._edit(request, object_id) or super().changeform_view(request, object_id, form_url)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Flag | None = None,
    ) -> HttpResponse:
        """Add what the page shows besides the form."""
        if obj is not None:
            # The form's own copy: an edit with errors has left its marks on the object.
            flag = self.get_queryset(request).get(pk=obj.pk)
            may_move = self.has_change_permission(request, flag)
            context |= {"page": FlagPage(flag, may_move=may_move, at=timezone.now()), "title": flag.name}
            context |= {"subtitle": None, "drills_are_on": settings.ROLLOUT["DRILLS"]}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the feature's whole ledger, newest first."""
        flag = self._flag(request, object_id, may=self.has_view_permission)
        pages = Paginator(StageChange.objects.with_flights([flag.name]), LINES_PER_PAGE)
        shown = pages.get_page(request.GET.get("p"))
        return self.page(request, "history", {"title": f"History of {flag.name}", "flag": flag, "lines": shown})

    def move_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask what the move has to be told, then whether and why; make it when answered."""
        flag = self._flag(request, pk, may=self.has_change_permission)
        offer = OFFERS.get(name)
        if offer is None or name == "testers":
            raise Http404(f"There is no move {name!r}.")
        inputs = offer.inputs(_told(request, offer.inputs)) if offer.inputs else None
        if inputs is not None and not inputs.is_valid():
            return self._ask_inputs(request, flag, offer, inputs)
        arguments = inputs.cleaned_data if inputs else {}
        where = {"action_url": request.get_full_path(), "back": self._page_of(flag)}
        return self.put(request, question_about(offer, flag, arguments, **where))

    def move_many(self, request: HttpRequest, flags: QuerySet[Flag], offer: Offer) -> HttpResponse:
        """Ask about one move of several features; those that are refused are left out of the answer."""
        named = {flag.name: flag for flag in flags.order_by("name")}
        question = Question(
            title=f"{offer.label}: {len(named)} feature{'s' if len(named) != 1 else ''}",
            means=[offer.means],
            verb=offer.label,
            wishes=[Wish(offer, tuple(named))],
            flags=named,
            action_url=request.get_full_path(),
            back=request.get_full_path(),
            selects_by=ACTION_CHECKBOX_NAME,
            hidden=[("action", f"{offer.name}_selected")],
        )
        return self.put(request, question)

    def _edit(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Ask about the moves that an edit amounts to; None when the form has to be shown again with its errors."""
        flag = self._flag(request, object_id, may=self.has_change_permission)
        form = cast("FlagForm", self.get_form(request, flag, change=True)(request.POST, instance=flag))
        back = self._page_of(flag)
        if form.is_stale:
            return self._show_stale(request, flag, form)
        if not form.is_valid():
            return None
        wishes = form.wishes()
        if not wishes:
            messages.info(request, "Nothing was changed.")
            return HttpResponseRedirect(back)
        question = Question(
            title=f"Change {flag.name}",
            means=[wish.offer.means for wish in wishes],
            verb=wishes[0].offer.label if len(wishes) == 1 else f"Make these {len(wishes)} moves",
            wishes=wishes,
            flags={flag.name: flag},
            action_url=request.get_full_path(),
            back=back,
            carried=form,
        )
        return self.put(request, question)

    def _show_stale(self, request: HttpRequest, flag: Flag, form: FlagForm) -> HttpResponse:
        """Show what happened after the form was opened; what it says then means something else."""
        changes = StageChange.objects.since(flag.name, form.version_opened)
        context = {"title": f"{flag.name} changed", "flag": flag, "rows": changes, "back": self._page_of(flag)}
        return self.page(request, "stale", context, status=409)

    def _ask_inputs(self, request: HttpRequest, flag: Flag, offer: Offer, inputs: forms.Form) -> HttpResponse:
        context = {"title": f"{offer.label}: {flag.name}", "offer": offer, "form": inputs, "flag": flag}
        return self.page(request, "inputs", {**context, "back": self._page_of(flag)})

    def _flag(self, request: HttpRequest, key: Any, *, may: Callable[[HttpRequest, Flag], bool]) -> Flag:
        flag = self.get_object(request, str(key))
        if flag is None:
            raise Http404("There is no such feature.")
        if not may(request, flag):
            raise PermissionDenied
        return flag

    @staticmethod
    def _page_of(flag: Flag) -> str:
        return reverse("admin:rollout_flag_change", args=[flag.pk])


def _told(request: HttpRequest, inputs: type[forms.Form]) -> Any:
    """Return the query when it answers `inputs`; a query that is about something else leaves them unasked."""
    return request.GET if set(inputs.base_fields).intersection(request.GET) else None
