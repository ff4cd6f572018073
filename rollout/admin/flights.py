"""The flight records in the admin: a list, and each as one page that can be printed. Nothing here is edited."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.timezone import localtime

from rollout import flights
from rollout.admin.reading import ReadOnly
from rollout.models import Flag, FlightRecord
from rollout.reporting import flight_page

if TYPE_CHECKING:
    FlightBase = admin.ModelAdmin[FlightRecord]
else:
    FlightBase = admin.ModelAdmin


@admin.register(FlightRecord)
class FlightRecordAdmin(ReadOnly, FlightBase):
    """What was known at each rollback, newest first."""

    list_display = ("rolled_back_at", "feature", "said")
    list_filter = ("feature",)
    date_hierarchy = "at"
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions = None

    @admin.display(description="when", ordering="id")
    def rolled_back_at(self, flight: FlightRecord) -> str:
        """When, to the second."""
        return f"{localtime(flight.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="who and why")
    def said(self, flight: FlightRecord) -> str:
        """Who rolled it back from where, and the reason they gave."""
        change = flight.change
        return format_html(
            '{}, from {} <br><span class="rollout-quiet">{}</span>', change.actor, change.before, change.reason
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[FlightRecord]:
        """Bring the line of the ledger along, and leave the document where it is."""
        return super().get_queryset(request).select_related("change").defer("document")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list."""
        return super().changelist_view(request, {"title": "Flight records", **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one record as a page."""
        flight = self.get_object(request, object_id or "")
        if flight is None:
            raise Http404("There is no such flight record.")
        if not self.has_view_permission(request, flight):
            raise PermissionDenied
        page = flight_page.page(flights.whole(flight))
        flag = Flag.objects.filter(name=flight.feature).first()
        context = {"title": page.title, "page": page, "flight": flight, "flag": flag, "opts": self.model._meta}
        whole = {**self.admin_site.each_context(request), **context, **(extra_context or {})}
        return TemplateResponse(request, "admin/rollout/flightrecord/page.html", whole)
