"""Taking a sheet in: uploaded, shown with every fault by its line, and made whole in one transaction or not at all."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from restaurants import sheets
from restaurants.services import bulk
from restaurants.services.bulk import BulkRefused
from restaurants.sheets import Fault, Sheet

SALT: Final = "restaurants.admin.sheets"
SHOWN: Final = 200
"""How many rows the preview shows; all of them are counted and checked."""


class SheetForm(forms.Form):
    """The sheet."""

    sheet = forms.FileField(label="CSV file", help_text=f"UTF-8, at most {sheets.MAX_ROWS} rows.")

    def clean_sheet(self) -> str:
        """Return the file's text."""
        sent = self.cleaned_data["sheet"]
        if (sent.size or 0) > sheets.MAX_BYTES:
            raise forms.ValidationError(f"The file has more than {sheets.MAX_BYTES // 1024} KiB.")
        try:
            text: str = sent.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError("The file is not UTF-8; save it as “CSV UTF-8”.") from None
        return text


def answer(modeladmin: Any, request: HttpRequest) -> HttpResponse:
    """Answer the step that the page is at: choose a file, look, make."""
    if not (modeladmin.has_add_permission(request) and modeladmin.has_change_permission(request)):
        raise PermissionDenied
    if request.method == "POST" and "token" in request.POST:
        return _make(modeladmin, request)
    form = SheetForm(request.POST or None, request.FILES or None) if request.method == "POST" else SheetForm()
    if form.is_bound and form.is_valid():
        return _preview(modeladmin, request, form.cleaned_data["sheet"])
    return _page(modeladmin, request, form=form)


def _preview(modeladmin: Any, request: HttpRequest, text: str) -> HttpResponse:
    sheet = sheets.read(text)
    planned = bulk.plan(sheet.wanted) if not sheet.faults else ()
    faults = [*sheet.faults, *(fault for one in planned for fault in one.faults)]
    differing = [one for one in planned if one.after and not one.problems]
    is_possible = differing and not faults
    return _page(
        modeladmin,
        request,
        form=SheetForm(),
        faults=faults,
        planned=differing[:SHOWN],
        counts={
            "new": sum(one.is_new for one in differing),
            "changed": sum(not one.is_new for one in differing),
            "unchanged": sum(not one.after and not one.problems for one in planned),
        },
        token=signing.dumps(text, salt=SALT, compress=True) if is_possible else "",
    )


def _make(modeladmin: Any, request: HttpRequest) -> HttpResponse:
    try:
        sheet: Sheet = sheets.read(signing.loads(request.POST["token"], salt=SALT, max_age=3600))
    except signing.BadSignature:
        return _page(modeladmin, request, form=SheetForm(), faults=[Fault(None, "The page was too old; begin again.")])
    try:
        made = bulk.make(sheet.wanted, f"u:{request.user.pk}", action="import sheet")
    except BulkRefused as refusal:
        return _page(modeladmin, request, form=SheetForm(), faults=refusal.faults)
    messages.success(request, f"{made.created} added, {made.updated} changed, {made.unchanged} were so already.")
    return redirect("admin:restaurants_restaurant_changelist")


def _page(modeladmin: Any, request: HttpRequest, **more: Any) -> HttpResponse:
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": "Import restaurants from a sheet",
        "opts": modeladmin.model._meta,
        "columns": sheets.COLUMNS,
        "ignored": sheets.SHOWN,
        **more,
    }
    return TemplateResponse(request, "admin/restaurants/restaurant/import.html", context)
