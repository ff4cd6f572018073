"""What a keeper does with selected places: moves, deletion and back, verifying, editing, exporting."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.timezone import now

from jewgo.core.errors import JewgoError
from restaurants import services, sheets
from restaurants.admin.bulk import edit_selected
from restaurants.lifecycle import MOVES, Move
from restaurants.models import Restaurant
from restaurants.services import certificates
from restaurants.services.reading import whole
from restaurants.services.writing import ANY_VERSION

MOST: Final = 500
"""How many places one action takes: each is a change of its own, in one request."""

Work = Callable[[int, str], Any]


class ReasonForm(forms.Form):
    """Why it is done."""

    reason = forms.CharField(max_length=500, widget=forms.TextInput(attrs={"class": "vTextField"}))


class PerhapsReasonForm(forms.Form):
    """Why it is done, if there is anything to say."""

    reason = forms.CharField(max_length=500, required=False, widget=forms.TextInput(attrs={"class": "vTextField"}))


def _move(made: Move, description: str, form: type[forms.Form] | None = None) -> Any:
    """Return the action that makes a move; with `form` it asks first."""

    @admin.action(permissions=["change"], description=description)
    def act(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Restaurant]) -> HttpResponse | None:
        if form is None:
            _each(request, queryset, made.value, partial(_moved, made))
            return None
        return _asked(
            modeladmin, request, queryset, made.value, form, lambda reason: partial(_moved, made, reason=reason)
        )

    act.__name__ = made.value
    return act


def _moved(made: Move, pk: int, actor: str, *, reason: str = "") -> None:
    services.move(pk, made, actor, expect=ANY_VERSION, reason=reason)


@admin.action(permissions=["change"], description="Delete (can be restored)")
def remove(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Restaurant]) -> HttpResponse | None:
    """Delete softly, once the keeper has seen which."""
    return _asked(modeladmin, request, queryset, "delete", forms.Form, lambda _: _deleted)


def _deleted(pk: int, actor: str) -> None:
    services.delete(pk, actor, expect=ANY_VERSION)


@admin.action(permissions=["change"], description="Restore what was deleted")
def restore(_modeladmin: Any, request: HttpRequest, queryset: QuerySet[Restaurant]) -> None:
    """Bring back what was deleted."""
    _each(request, queryset, "restore", lambda pk, actor: services.restore(pk, actor, expect=ANY_VERSION))


@admin.action(permissions=["change"], description="Verify certificates that are valid")
def verify(_modeladmin: Any, request: HttpRequest, queryset: QuerySet[Restaurant]) -> None:
    """Note that the keeper has seen every certificate that has not expired."""
    _each(request, queryset, "verify", _verified)


def _verified(pk: int, actor: str) -> None:
    today = now().date()
    valid = [fact.id for fact in services.record(pk).certificates if not fact.is_expired(today)]
    if not valid:
        raise certificates.UnknownCertificate("It has no certificate that is valid.")
    for certificate_id in valid:
        certificates.verify(pk, certificate_id, actor, expect=ANY_VERSION)


@admin.action(permissions=["change"], description="Edit fields of all selected …")
def edit(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Restaurant]) -> HttpResponse | None:
    """Set chosen fields of the selected places: chosen, looked at, made."""
    return None if _are_too_many(request, queryset) else edit_selected(modeladmin, request, queryset)


@admin.action(permissions=["view"], description="Export as CSV")
def export(_modeladmin: Any, _request: HttpRequest, queryset: QuerySet[Restaurant]) -> HttpResponse:
    """Answer with the selected places as a sheet that an import reads."""
    text = sheets.write(whole(list(queryset.order_by("pk").values_list("pk", flat=True))))
    headers = {"Content-Disposition": 'attachment; filename="restaurants.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _each(request: HttpRequest, queryset: QuerySet[Restaurant], name: str, work: Work) -> None:
    """Do the work with each place, and say what was done and what was refused and why."""
    if _are_too_many(request, queryset):
        return
    done, refused = 0, []
    for place in queryset.order_by("pk"):
        try:
            work(place.pk, f"u:{request.user.pk}")
            done += 1
        except JewgoError as refusal:
            refused.append(f"{place.name}: {refusal.message} {refusal.hint or ''}".strip())
    if done:
        messages.success(request, f"{name.capitalize()}: {_counted(done)}.")
    for line in refused[:20]:
        messages.error(request, line)
    if refused[20:]:
        messages.error(request, f"{len(refused) - 20} more were refused.")


def _asked(
    modeladmin: Any,
    request: HttpRequest,
    queryset: QuerySet[Restaurant],
    name: str,
    kind: type[forms.Form],
    work_for: Callable[[str], Work],
) -> HttpResponse | None:
    """Ask before the work is done, with the form that it needs."""
    if _are_too_many(request, queryset):
        return None
    form = kind(request.POST if "apply" in request.POST else None)
    if form.is_bound and form.is_valid():
        _each(request, queryset, name, work_for(form.cleaned_data.get("reason", "")))
        return None
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": f"{name.capitalize()}: {_counted(queryset.count())}",
        "opts": modeladmin.model._meta,
        "places": queryset.order_by("pk"),
        "form": form,
        "action": name if name in {made.value for made in MOVES} else "remove",
        "checkbox": ACTION_CHECKBOX_NAME,
        "verb": name.capitalize(),
    }
    return TemplateResponse(request, "admin/restaurants/restaurant/question.html", context)


def _are_too_many(request: HttpRequest, queryset: QuerySet[Restaurant]) -> bool:
    count = queryset.count()
    if count > MOST:
        messages.error(request, f"Select at most {MOST}; these are {count}.")
    return count > MOST


def _counted(number: int) -> str:
    return "1 restaurant" if number == 1 else f"{number} restaurants"


ALL: Final[tuple[Any, ...]] = (
    _move(Move.APPROVE, "Approve"),
    _move(Move.REJECT, "Reject, with the reason …", ReasonForm),
    _move(Move.SUSPEND, "Suspend, with the reason …", ReasonForm),
    _move(Move.CLOSE, "Close …", PerhapsReasonForm),
    _move(Move.REOPEN, "Reopen"),
    _move(Move.RESUBMIT, "Let await approval again"),
    remove,
    restore,
    verify,
    edit,
    export,
)
