"""The admin of ownership: staff say who owns a place."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest

from restaurants.models import Ownership, Restaurant

if TYPE_CHECKING:
    Inline = admin.TabularInline[Ownership, Restaurant]
    Owners = admin.ModelAdmin[Ownership]
    Form = forms.ModelForm[Ownership]
    FormSet = forms.BaseInlineFormSet[Ownership, Restaurant, forms.ModelForm[Ownership]]
else:  # Django's own classes take no parameters at run time
    Inline, Owners, Form = admin.TabularInline, admin.ModelAdmin, forms.ModelForm
    FormSet = forms.BaseInlineFormSet


class OwnerForm(Form):
    """An owner, named by the e-mail address: whoever keeps the guide need not see who else is registered."""

    address = forms.EmailField(label="e-mail address", widget=forms.EmailInput(attrs={"class": "vTextField"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["address"].initial, self.fields["address"].disabled = self.instance.user.email, True

    def clean_address(self) -> str:
        """Find the person."""
        address: str = self.cleaned_data["address"].lower()
        person = get_user_model().objects.filter(email=address).first()
        if person is None:
            raise forms.ValidationError("Nobody here has this address.")
        self.instance.user = person
        return address

    def clean(self) -> dict[str, Any]:
        """Let nobody own a place twice."""
        cleaned = super().clean() or self.cleaned_data
        place = cleaned.get("restaurant") or self.instance.restaurant_id
        is_new = "address" in cleaned and place and not self.instance.pk
        if is_new and Ownership.objects.filter(user=self.instance.user, restaurant=place).exists():
            self.add_error("address", "This person owns the place already.")
        return cleaned


class OwnerForms(FormSet):
    """The owners of a place, on its page."""

    def clean(self) -> None:
        """Let nobody be entered twice at once."""
        super().clean()
        said = [form.cleaned_data.get("address") for form in self.forms if hasattr(form, "cleaned_data")]
        if len(set(filter(None, said))) < len(list(filter(None, said))):
            raise forms.ValidationError("Each owner once.")


class OwnershipInline(Inline):
    """The owners of a place, on its page."""

    model = Ownership
    form, formset = OwnerForm, OwnerForms
    fields = ("address", "set_by", "set_at")
    readonly_fields = ("set_by", "set_at")
    extra = 0
    verbose_name, verbose_name_plural = "owner", "owners"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ownership]:
        return super().get_queryset(request).select_related("user", "set_by", "restaurant")


def keep_owners(request: HttpRequest, formset: Any) -> None:
    """Store the owners as the page left them; a new one is set by whoever saves the page."""
    for row in formset.save(commit=False):
        row.set_by_id = row.set_by_id if row.pk else request.user.pk
        row.save()
    for row in formset.deleted_objects:
        row.delete()


@admin.register(Ownership)
class OwnershipAdmin(Owners):
    """Every ownership; one is set or taken away, never turned into another."""

    list_display = ("restaurant", "user", "set_by", "set_at")
    list_select_related = ("restaurant", "user", "set_by")
    search_fields = ("restaurant__search_text", "user__email", "user__name")
    form = OwnerForm
    autocomplete_fields = ("restaurant",)
    ordering = ("-pk",)

    def get_fields(self, request: HttpRequest, obj: Ownership | None = None) -> tuple[str, ...]:
        """Ask for place and person, or show what was set."""
        return ("restaurant", "address") if obj is None else ("restaurant", "user", "set_by", "set_at")

    def has_change_permission(self, request: HttpRequest, obj: Ownership | None = None) -> bool:
        """Nobody: who set it would then be said of what somebody else set."""
        return False

    def save_model(self, request: HttpRequest, obj: Ownership, form: Any, change: bool) -> None:
        """Store a new one, with who set it."""
        obj.set_by_id = request.user.pk
        super().save_model(request, obj, form, change)
