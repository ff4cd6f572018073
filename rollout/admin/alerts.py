"""The admin's page of alerts: what is wrong, who was told, and one action: to say that somebody looks after it."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from jewgo.core.errors import JewgoError
from rollout.admin.reading import ReadOnly
from rollout.alert_kinds import advice
from rollout.alerts import acknowledge
from rollout.models import Alert, Delivery
from rollout.moves import LONGEST_REASON, Actor

if TYPE_CHECKING:
    AlertBase = admin.ModelAdmin[Alert]
    DeliveryBase = admin.TabularInline[Delivery, Alert]
else:
    AlertBase, DeliveryBase = admin.ModelAdmin, admin.TabularInline


class ReasonedActionForm(ActionForm):
    """The form beside the list: what to do with the chosen alerts, and why."""

    reason = forms.CharField(required=False, max_length=LONGEST_REASON)


class DeliveryInline(ReadOnly, DeliveryBase):
    """Who was told of the alert, and what came of it."""

    model = Delivery
    extra = 0
    can_delete = False
    fields = ("event", "channel", "told_to", "next_at", "attempts", "delivered_at", "given_up_at", "last_error")
    readonly_fields = fields

    @admin.display(description="to")
    def told_to(self, delivery: Delivery) -> str:
        """The address; of a URL the host, for the rest may be a secret."""
        is_webhook = delivery.channel == Delivery.Channel.WEBHOOK
        return urlsplit(delivery.target).hostname or "–" if is_webhook else delivery.target


@admin.register(Alert)
class AlertAdmin(ReadOnly, AlertBase):
    """What is or was wrong, newest first."""

    list_display = ("__str__", "severity", "message", "opened_at", "state")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "severity", "name", "feature")
    search_fields = ("message",)
    date_hierarchy = "opened_at"
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    inlines = (DeliveryInline,)
    action_form = ReasonedActionForm
    actions = ("acknowledge_selected",)
    fieldsets = (
        (None, {"fields": ("name", "feature", "severity", "message", "what_to_do")}),
        ("When", {"fields": ("opened_at", "seen_at", "times", "acknowledged_at", "acknowledged_by", "resolved_at")}),
        ("What was known", {"fields": ("details",)}),
    )
    readonly_fields = ("what_to_do",)

    @admin.display(description="state")
    def state(self, alert: Alert) -> str:
        """Whether it is over, or in whose hands it is."""
        if alert.resolved_at:
            return "over"
        return f"with {alert.acknowledged_by}" if alert.acknowledged_at else "open"

    @admin.display(description="what to do")
    def what_to_do(self, alert: Alert) -> str:
        """The next step."""
        return advice(alert.name, alert.feature)

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        """Let those acknowledge who may change alerts, though nobody edits one."""
        return request.user.has_perm("rollout.change_alert")

    @admin.action(description="Say that you look after the chosen alerts", permissions=["acknowledge"])
    def acknowledge_selected(self, request: HttpRequest, chosen: QuerySet[Alert]) -> None:
        """Acknowledge each; say of each what became of it."""
        terms: dict[str, Any] = {"actor": Actor.user(request.user), "reason": request.POST.get("reason", "")}
        for alert in chosen.order_by("id"):
            try:
                acknowledge(alert.pk, at=timezone.now(), **terms)
            except JewgoError as error:
                messages.warning(request, error.message)
            else:
                messages.success(request, f"You look after {alert}; it stays open until it is over.")
