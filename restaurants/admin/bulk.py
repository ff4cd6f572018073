"""Editing fields of many places: the keeper chooses, sees what would change, and has it made in one transaction."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from restaurants.kosher import Category
from restaurants.models import Restaurant
from restaurants.services import bulk
from restaurants.services.bulk import BulkRefused, Planned
from restaurants.sheets import Wanted

SALT: Final = "restaurants.admin.bulk"
FIELDS: Final = ("listing_type", "establishment_type", "city", "state", "country", "timezone", "price_range",
                 "source", "sourced_on")  # fmt: skip
EMPTY: Final = frozenset({"source", "sourced_on"})
"""What is empty where it is not known; the others are null."""


class EditForm(forms.Form):
    """Which fields are set, and to what: a field that is not ticked stays as it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in FIELDS:
            limit = Restaurant._meta.get_field(name).max_length  # type: ignore[union-attr]
            self.fields[f"set_{name}"] = forms.BooleanField(required=False, label=f"set {name.replace('_', ' ')}")
            self.fields[name] = forms.CharField(required=False, max_length=limit, label="to")
        self.fields["set_kosher_categories"] = forms.BooleanField(required=False, label="set kosher categories")
        self.fields["kosher_categories"] = forms.MultipleChoiceField(
            required=False, choices=Category.choices, widget=forms.CheckboxSelectMultiple, label="to"
        )

    def clean(self) -> dict[str, Any]:
        """Ask for something to set."""
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(f"set_{name}") for name in (*FIELDS, "kosher_categories")):
            raise forms.ValidationError("Tick a field that shall be set.")
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return what shall be set; an empty text makes the field unknown."""
        said = self.cleaned_data
        changes: dict[str, Any] = {
            name: said[name].strip() or ("" if name in EMPTY else None) for name in FIELDS if said[f"set_{name}"]
        }
        if said["set_kosher_categories"]:
            changes["kosher_categories"] = tuple(said["kosher_categories"])
        return changes

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        """Each field with the box that says whether it is set."""
        return [(self[f"set_{name}"], self[name]) for name in (*FIELDS, "kosher_categories")]


def edit_selected(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Restaurant]) -> HttpResponse | None:
    """Answer the step that the page is at: choose, look, make."""
    if "token" in request.POST:
        return _make(modeladmin, request, queryset)
    form = EditForm(request.POST if "preview" in request.POST else None)
    if form.is_bound and form.is_valid():
        return _preview(modeladmin, request, queryset, form.changes())
    return _page(modeladmin, request, queryset, form=form)


def _preview(
    modeladmin: Any, request: HttpRequest, queryset: QuerySet[Restaurant], changes: Mapping[str, Any]
) -> HttpResponse:
    ids = queryset.filter(deleted_at=None).order_by("pk").values_list("pk", flat=True)
    planned = bulk.plan([Wanted(pk, changes) for pk in ids])
    token = signing.dumps({"changes": dict(changes), "versions": _versions(planned)}, salt=SALT, compress=True)
    is_possible = any(one.after for one in planned) and not any(one.problems for one in planned)
    return _page(modeladmin, request, queryset, planned=planned, token=token if is_possible else "")


def _make(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Restaurant]) -> HttpResponse | None:
    try:
        said = signing.loads(request.POST["token"], salt=SALT, max_age=3600)
    except signing.BadSignature:
        messages.error(request, "The page was too old; nothing was changed. Begin again.")
        return None
    changes = said["changes"]
    if "kosher_categories" in changes:
        changes["kosher_categories"] = tuple(changes["kosher_categories"])
    wanted = [Wanted(int(pk), changes, version) for pk, version in said["versions"].items()]
    try:
        made = bulk.make(wanted, f"u:{request.user.pk}", action="bulk edit")
    except BulkRefused as refusal:
        return _page(modeladmin, request, queryset, faults=refusal.faults)
    messages.success(request, f"{made.updated} changed, {made.unchanged} were so already.")
    return None


def _versions(planned: tuple[Planned, ...]) -> dict[int, int | None]:
    return {one.wanted.id: one.version for one in planned if one.wanted.id is not None and one.after}


def _page(modeladmin: Any, request: HttpRequest, queryset: QuerySet[Restaurant], **more: Any) -> HttpResponse:
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": "Edit fields of the selected restaurants",
        "opts": modeladmin.model._meta,
        "places": queryset.order_by("pk"),
        "checkbox": ACTION_CHECKBOX_NAME,
        **more,
    }
    return TemplateResponse(request, "admin/restaurants/restaurant/edit.html", context)
