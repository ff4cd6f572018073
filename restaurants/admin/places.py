"""The admin of places: every change goes through `Restaurant.objects.store`, versioned and remembered."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.contrib import admin
from django.contrib.admin import EmptyFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.timezone import now

from jewgo.core.middleware import current_request_id
from restaurants.admin import actions, sheets
from restaurants.admin.filters import AgencyFilter, CategoryFilter, DuplicateFilter, ExpiryFilter, QualityFilter
from restaurants.admin.forms import WEB_ADDRESSES, RestaurantForm
from restaurants.admin.inlines import (
    CertificateInline,
    ChangeInline,
    ImageInline,
    LevelInline,
    SpecialInline,
    rows_of,
)
from restaurants.admin.owners import OwnershipInline, keep_owners
from restaurants.models import Certificate, Image, Ownership, Restaurant, Special, SupervisionLevel
from restaurants.parts import Parts
from restaurants.repositories import RestaurantQuerySet
from restaurants.services.images import settled
from restaurants.services.specials import arrange

if TYPE_CHECKING:
    Places = admin.ModelAdmin[Restaurant]
else:  # Django's own class takes no parameters at run time
    Places = admin.ModelAdmin

MAP: Final = "https://www.openstreetmap.org/?mlat={0}&mlon={1}#map=18/{0}/{1}"

UNEDITABLE: Final = ("on_the_map", "version", "deleted_at", "hours_problem", "search_text", "created_at", "updated_at")


@admin.register(Restaurant)
class RestaurantAdmin(Places):
    class Media:
        css: ClassVar = {"all": ["restaurants/admin.css"]}

    form = RestaurantForm
    formfield_overrides = WEB_ADDRESSES
    inlines = (CertificateInline, LevelInline, SpecialInline, ImageInline, OwnershipInline, ChangeInline)
    actions = actions.ALL
    change_list_template = "admin/restaurants/restaurant/list.html"
    list_display = (
        "name",
        "where",
        "categories",
        "agencies",
        "standing",
        "doubts",
    )
    list_filter = (
        "state_of_record",
        AgencyFilter,
        ExpiryFilter,
        CategoryFilter,
        "country",
        ("opening_hours", EmptyFieldListFilter),
        ("hours_problem", EmptyFieldListFilter),
        ("deleted_at", EmptyFieldListFilter),
        DuplicateFilter,
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
        ("Where", {"fields": ("address", "city", "state", "zip_code", "country", "latitude", "longitude", "on_the_map",
                              "timezone")}),
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
        formsets = list(formsets)
        parts = {formset.model: rows_of(formset) for formset in formsets if formset.model is not Ownership}
        move = form.move.value if form.move else "update"
        Restaurant.objects.store(
            form.instance,
            actor=f"u:{request.user.pk}",
            action=move if change else "create",
            request_id=current_request_id(),
            parts=Parts(
                certificates=parts.get(Certificate),
                levels=parts.get(SupervisionLevel),
                images=_ordered(parts[Image]) if Image in parts else None,
                specials=arrange(parts[Special], now()) if Special in parts else None,
            ),
        )
        for formset in formsets:
            if formset.model is Ownership:
                keep_owners(request, formset)

    def get_urls(self) -> list[Any]:
        """Also serve the import of sheets."""
        guarded = self.admin_site.admin_view(self.import_sheet)
        return [path("import/", guarded, name="restaurants_restaurant_import"), *super().get_urls()]

    def import_sheet(self, request: HttpRequest) -> HttpResponse:
        """Take a sheet in: shown first, made afterwards."""
        return sheets.answer(self, request)

    @admin.display(description="on the map")
    def on_the_map(self, place: Restaurant) -> str:
        """A link, so that the page itself asks nobody for a map."""
        if place.latitude is None or place.longitude is None:
            return "No coordinates"
        where = MAP.format(place.latitude, place.longitude)
        return format_html('<a href="{}" target="_blank" rel="noopener noreferrer">OpenStreetMap</a>', where)

    @admin.display(description="where", ordering="city")
    def where(self, place: Restaurant) -> str:
        return ", ".join(filter(None, (place.city, place.state, place.country)))

    @admin.display(description="state of record", ordering="state_of_record")
    def standing(self, place: Restaurant) -> str:
        """Where the record stands; of a deleted one, that first."""
        return f"deleted ({place.state_of_record})" if place.deleted_at else place.state_of_record

    @admin.display(description="category", ordering="kosher_categories")
    def categories(self, place: Restaurant) -> str:
        return ", ".join(place.kosher_categories) or "unknown"

    @admin.display(description="agency")
    def agencies(self, place: Restaurant) -> str:
        return ", ".join(agency.short_name or agency.name for agency in place.certifying_agencies())

    @admin.display(description="doubts", ordering="quality_flags")
    def doubts(self, place: Restaurant) -> str:
        return ", ".join(place.quality_flags).replace("_", " ")


def _ordered(rows: list[Image]) -> list[Image]:
    """Return the images in the order of their positions, one of them primary."""
    return settled(sorted(rows, key=lambda row: (row.position, row.pk is None)))
