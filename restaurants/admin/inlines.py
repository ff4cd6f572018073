"""What hangs on a place, on its page."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from restaurants.admin.forms import WEB_ADDRESSES
from restaurants.models import Certificate, Change, Image, Restaurant, Special, SupervisionLevel
from restaurants.parts import SLOTS

if TYPE_CHECKING:
    Inline = admin.TabularInline[Any, Restaurant]
    SpecialFormSet = forms.BaseInlineFormSet[Special, Restaurant, forms.ModelForm[Special]]
    ImageFormSet = forms.BaseInlineFormSet[Image, Restaurant, forms.ModelForm[Image]]
else:  # Django's own classes take no parameters at run time
    Inline, SpecialFormSet, ImageFormSet = admin.TabularInline, forms.BaseInlineFormSet, forms.BaseInlineFormSet


class PartInline(Inline):
    """Rows that hang on a place; `RestaurantAdmin` stores them with it."""

    extra = 0
    formfield_overrides = WEB_ADDRESSES


class CertificateInline(PartInline):
    model = Certificate
    template = "admin/edit_inline/stacked.html"
    fields = (
        ("agency", "number"),
        ("valid_from", "valid_to"),
        "scope",
        ("source", "sourced_on"),
        ("verified_at", "verified_by"),
    )
    readonly_fields = ("verified_at", "verified_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("agency", "restaurant", "verified_by")

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Read the agencies once a page, not once a row."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "agency" and field is not None:
            field.choices = _once(request, "agency_choices", lambda: list(field.choices))
        return field


def _once(request: HttpRequest, name: str, read: Callable[[], Any]) -> Any:
    if name not in request.META:
        request.META[name] = read()
    return request.META[name]


class LevelInline(PartInline):
    model = SupervisionLevel
    fields = ("attribute", "level", "scope", "source", "sourced_on")


class ImageForms(ImageFormSet):
    """The images of a place."""

    def clean(self) -> None:
        """Let at most one be primary."""
        super().clean()
        if sum(form.cleaned_data.get("is_primary", False) for form in _kept(self)) > 1:
            raise forms.ValidationError("One image is primary, and only one.")


class ImageInline(PartInline):
    model = Image
    formset = ImageForms
    fields = ("url", "position", "is_primary")


class SpecialForms(SpecialFormSet):
    """The specials of a place."""

    def clean(self) -> None:
        """Let three be active, and none end before it starts."""
        super().clean()
        said = [form.cleaned_data for form in _kept(self)]
        if sum(one.get("is_active", False) for one in said) > len(SLOTS):
            raise forms.ValidationError("At most three specials are active at once; switch one off.")
        for form in _kept(self):
            starts_at, ends_at = form.cleaned_data.get("starts_at"), form.cleaned_data.get("ends_at")
            if starts_at and ends_at and ends_at <= starts_at:
                form.add_error("ends_at", "It would end before it starts.")


class SpecialInline(PartInline):
    model = Special
    formset = SpecialForms
    template = "admin/edit_inline/stacked.html"
    fields = (("title", "price", "is_active"), "description", ("starts_at", "ends_at"))


class ChangeInline(Inline):
    """The history, newest first; nobody changes it."""

    model = Change
    fields = readonly_fields = ("at", "actor", "action", "changed", "request_id")
    extra = 0
    can_delete = False
    verbose_name_plural = "history"

    @admin.display(description="what changed")
    def changed(self, change: Change) -> str:
        """Each field on a line of its own, with what it was before where it was known."""
        lines = ((name.replace("_", " "), _told(before), _told(after)) for name, (before, after) in _sorted(change))
        return format_html("<ul>{}</ul>", format_html_join("", "<li><strong>{}</strong> {} → {}</li>", lines))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _sorted(change: Change) -> list[tuple[str, list[Any]]]:
    return sorted(change.fields.items())


def _told(value: Any) -> str:
    """Return a stored value as people read it."""
    if value in (None, "", [], {}):
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _kept(formset: Any) -> list[Any]:
    """Return the forms of the rows that stay and say something."""
    given = [form for form in formset.forms if hasattr(form, "cleaned_data") and form not in formset.deleted_forms]
    return [form for form in given if form.instance.pk or form.has_changed()]


def rows_of(formset: Any) -> list[Any]:
    """Return the rows as the page left them; tells the formset what changed, for the admin's own log."""
    formset.save(commit=False)
    return [form.instance for form in _kept(formset)]
