"""The catalogue's admin: every change goes through `Restaurant.objects.store`, versioned and remembered."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.db import connection, models
from django.db.models import Count, ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from jewgo.core.middleware import current_request_id
from restaurants.kosher import Category
from restaurants.models import Agency, Certificate, Change, Image, Restaurant, SupervisionLevel
from restaurants.parts import Parts
from restaurants.repositories import RestaurantQuerySet
from restaurants.spelling import normalise

if TYPE_CHECKING:
    Form = forms.ModelForm[Restaurant]
    Inline = admin.TabularInline[Any, Restaurant]
    Places = admin.ModelAdmin[Restaurant]
    Agencies = admin.ModelAdmin[Agency]
else:  # Django's own classes take no parameters at run time
    Form, Inline, Places, Agencies = forms.ModelForm, admin.TabularInline, admin.ModelAdmin, admin.ModelAdmin


class RestaurantForm(Form):
    """A place; refuses to overwrite what somebody else stored since the page was opened."""

    read_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["read_version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        """Turn empty texts into unknown ones, and compare versions."""
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if value == "" and self.fields[name].widget.__class__ is not forms.HiddenInput and _is_nullable(name):
                cleaned[name] = None
        if self.instance.pk and cleaned.get("read_version") != self.instance.version:
            raise forms.ValidationError(
                "Somebody else stored this restaurant meanwhile; open it again and repeat your change.", code="stale"
            )
        return cleaned


def _is_nullable(name: str) -> bool:
    return bool(getattr(Restaurant._meta.get_field(name), "null", False))


WEB_ADDRESSES: Final[dict[Any, dict[str, Any]]] = {
    models.URLField: {"assume_scheme": "https", "widget": AdminURLFieldWidget}
}


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


class ImageInline(PartInline):
    model = Image
    fields = ("url", "position", "is_primary")


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


class ArrayFilter(admin.SimpleListFilter):
    """Places whose array column holds a value, or whose array is empty."""

    column: str
    empty = "none"

    def values(self) -> Iterable[tuple[str, str]]:
        """Return the values to choose from, with their labels."""
        raise TypeError(f"{type(self).__name__} does not say its values")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*self.values(), (self.empty, self.empty)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        if self.value() == self.empty:
            return queryset.filter(**{f"{self.column}__len": 0})
        return queryset.filter(**{f"{self.column}__contains": [self.value()]})


class CategoryFilter(ArrayFilter):
    title, parameter_name, column, empty = "category", "category", "kosher_categories", "unknown"

    def values(self) -> Iterable[tuple[str, str]]:
        return [(category.value, str(category.label)) for category in Category]


class QualityFilter(ArrayFilter):
    title = parameter_name = "doubt"
    column = "quality_flags"

    def values(self) -> Iterable[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT unnest(quality_flags) FROM restaurants_restaurant ORDER BY 1")
            return [(flag, flag.replace("_", " ")) for (flag,) in cursor.fetchall()]


class AgencyFilter(admin.SimpleListFilter):
    title = parameter_name = "agency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Agency.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if not chosen or not chosen.isdigit():
            return queryset
        return queryset.filter(pk__in=Certificate.objects.filter(agency=int(chosen)).values("restaurant"))


UNEDITABLE: Final = ("version", "deleted_at", "hours_problem", "search_text", "created_at", "updated_at")


@admin.register(Restaurant)
class RestaurantAdmin(Places):
    class Media:
        css: ClassVar = {"all": ["restaurants/admin.css"]}

    form = RestaurantForm
    formfield_overrides = WEB_ADDRESSES
    inlines = (CertificateInline, LevelInline, ImageInline, ChangeInline)
    list_display = (
        "name",
        "where",
        "categories",
        "agencies",
        "state_of_record",
        "doubts",
    )
    list_filter = (
        "state_of_record",
        AgencyFilter,
        CategoryFilter,
        "country",
        ("opening_hours", EmptyFieldListFilter),
        ("hours_problem", EmptyFieldListFilter),
        ("deleted_at", EmptyFieldListFilter),
        QualityFilter,
    )
    search_fields = ("search_text",)
    search_help_text = (
        "Names, addresses, cities and agencies, in Hebrew too; spelling and small mistakes do not matter."
    )
    date_hierarchy = "updated_at"
    ordering = ("pk",)
    readonly_fields = UNEDITABLE
    save_on_top = True
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("read_version", "name", "state_of_record", "state_reason", "quality_flags")}),
        ("Where", {"fields": ("address", "city", "state", "zip_code", "country", "latitude", "longitude", "timezone")}),
        ("What", {"fields": ("kosher_categories", "listing_type", "establishment_type", "price_range",
                             "short_description")}),
        ("Contact", {"fields": ("phone_number", "website", "google_listing_url")}),
        ("Hours", {"fields": ("opening_hours", "opens_after_shabbat_min", "closes_before_shabbat_min",
                              "is_shabbat_exempt", "hours_source", "hours_raw", "hours_raw_json", "hours_problem",
                              "hours_updated_at")}),
        ("Record", {"fields": ("source", "sourced_on", "version", "deleted_at", "created_at", "updated_at",
                               "search_text")}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Restaurant]:
        return super().get_queryset(request).prefetch_related("certificates__agency")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search as the guide itself does."""
        if search_term and isinstance(queryset, RestaurantQuerySet):
            return queryset.matching(search_term), False
        return queryset, False

    def has_delete_permission(self, request: HttpRequest, obj: Restaurant | None = None) -> bool:
        """Nobody: deletion is soft, and the history holds on to its place."""
        return False

    def save_model(self, request: HttpRequest, obj: Restaurant, form: Any, change: bool) -> None:
        """Wait for the inlines: `save_related` stores the place and its parts at once."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Iterable[Any], change: bool) -> None:
        parts = {formset.model: _rows(formset) for formset in formsets}
        Restaurant.objects.store(
            form.instance,
            actor=f"u:{request.user.pk}",
            action="update" if change else "create",
            request_id=current_request_id(),
            parts=Parts(parts.get(Certificate), parts.get(SupervisionLevel), parts.get(Image)),
        )

    @admin.display(description="where", ordering="city")
    def where(self, place: Restaurant) -> str:
        return ", ".join(filter(None, (place.city, place.state, place.country)))

    @admin.display(description="category", ordering="kosher_categories")
    def categories(self, place: Restaurant) -> str:
        return ", ".join(place.kosher_categories) or "unknown"

    @admin.display(description="agency")
    def agencies(self, place: Restaurant) -> str:
        return ", ".join(agency.short_name or agency.name for agency in place.certifying_agencies())

    @admin.display(description="doubts", ordering="quality_flags")
    def doubts(self, place: Restaurant) -> str:
        return ", ".join(place.quality_flags).replace("_", " ")


def _rows(formset: Any) -> list[Any]:
    """Return the rows as the page left them; tells the formset what changed, for the admin's own log."""
    formset.save(commit=False)
    kept = [form for form in formset.forms if form not in formset.deleted_forms]
    return [form.instance for form in kept if form.instance.pk or form.has_changed()]


@admin.register(Agency)
class AgencyAdmin(Agencies):
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
