"""The admin of agencies."""

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from restaurants.admin.forms import WEB_ADDRESSES
from restaurants.models import Agency
from restaurants.spelling import normalise

if TYPE_CHECKING:
    Agencies = admin.ModelAdmin[Agency]
    Form = forms.ModelForm[Agency]
else:  # Django's own class takes no parameters at run time
    Agencies, Form = admin.ModelAdmin, forms.ModelForm

NAMES: Final[dict[str, Any]] = {"name": "", "short_name": "", "aliases": []}


class AgencyForm(Form):
    """An agency; none may be called as another is, in any spelling."""

    def clean(self) -> dict[str, Any]:
        """Refuse a name that is taken."""
        cleaned = super().clean() or self.cleaned_data
        said = Agency(**{name: cleaned.get(name) or empty for name, empty in NAMES.items()})
        said.refresh_keys()
        twin = Agency.objects.filter(keys__overlap=said.keys).exclude(pk=self.instance.pk).first()
        if twin is not None:
            raise forms.ValidationError(f"{twin.name} is called so already.")
        return cleaned


@admin.register(Agency)
class AgencyAdmin(Agencies):
    form = AgencyForm
    list_display = ("name", "short_name", "region", "places", "website")
    list_filter = ("region",)
    formfield_overrides = WEB_ADDRESSES
    search_fields = ("keys",)
    readonly_fields = ("keys",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agency]:
        return super().get_queryset(request).annotate(place_count=Count("certificates__restaurant", distinct=True))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search every name of an agency, in any spelling."""
        wanted = normalise(search_term)
        return (queryset.filter(keys__icontains=wanted) if wanted else queryset), False

    @admin.display(description="places", ordering="place_count")
    def places(self, agency: Agency) -> int:
        return int(getattr(agency, "place_count", 0))
