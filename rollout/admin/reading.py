"""Pages that only show: the ledger with its verification, and the workers."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.timezone import localtime

from rollout import ledger
from rollout.models import StageChange, Worker
from rollout.propagation import propagation

if TYPE_CHECKING:
    LedgerBase = admin.ModelAdmin[StageChange]
    WorkerBase = admin.ModelAdmin[Worker]
else:
    LedgerBase = WorkerBase = admin.ModelAdmin


class ReadOnly:
    """Nobody adds, changes or deletes here, whatever their permissions; whoever may see, sees."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: rows come from the rollout itself."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: what happened is not edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: what happened is not forgotten."""
        return False


@admin.register(StageChange)
class StageChangeAdmin(ReadOnly, LedgerBase):
    """The ledger of every move, newest first, above it whether its chain holds."""

    change_list_template = "admin/rollout/stagechange/change_list.html"
    list_display = ("written_at", "move_made", "said")
    list_display_links = ("written_at",)
    list_filter = ("feature", "move")
    search_fields = ("actor", "reason", "request_id")
    date_hierarchy = "at"
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions = None
    fieldsets = (
        (None, {"fields": ("written_at", "feature", "move", "before", "after", "attempt", "flag_version")}),
        ("Who and why", {"fields": ("actor", "reason", "request_id")}),
        ("What was known", {"fields": ("evidence", "details")}),
        ("Its link in the chain", {"fields": ("previous_hash", "hash")}),
    )
    readonly_fields = ("written_at", "before", "after")

    @admin.display(description="when", ordering="id")
    def written_at(self, change: StageChange) -> str:
        """When, to the second."""
        return f"{localtime(change.at):%Y-%m-%d %H:%M:%S}"

    @admin.display(description="what")
    def move_made(self, change: StageChange) -> str:
        """The move and where it led."""
        way = f"{change.before} → {change.after}" if change.before != change.after else str(change.after)
        return format_html('{}: {} <br><span class="rollout-quiet">{}</span>', change.feature, change.move, way)

    @admin.display(description="who and why")
    def said(self, change: StageChange) -> str:
        """Who made it, and the reason they gave."""
        return format_html('{} <br><span class="rollout-quiet">{}</span>', change.actor, change.reason)

    def get_urls(self) -> list[URLPattern]:
        """Add the page that verifies the chain."""
        page = self.admin_site.admin_view(self.verify_view)
        return [path("verify/", page, name="rollout_stagechange_verify"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list."""
        return super().changelist_view(request, {"title": "Ledger of every move", **(extra_context or {})})

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        """Walk the chain, and show the list under what was found."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.changelist_view(request, {"verification": ledger.verify()})


@admin.register(Worker)
class WorkerAdmin(ReadOnly, WorkerBase):
    """The serving processes as their pulses reported them, above them how far the newest version has got."""

    change_list_template = "admin/rollout/worker/change_list.html"
    list_display = ("__str__", "version", "release", "seen_at", "applied_at", "started_at", "forced")
    ordering = ("host", "pid", "id")
    actions = None
    fields = ("host", "pid", "release", "version", "applied_at", "seen_at", "started_at", "forced")
    readonly_fields = fields

    @admin.display(description="forced by its environment")
    def forced(self, worker: Worker) -> str:
        """What its environment forces, whatever the features' stages say."""
        return ", ".join(f"{name}={value}" for name, value in sorted(worker.forces.items())) or "nothing"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list under one sentence on the whole."""
        context = {"title": "Workers", "propagation": propagation(), **(extra_context or {})}
        return super().changelist_view(request, context)
