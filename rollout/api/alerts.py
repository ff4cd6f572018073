"""Alerts over HTTP: what is wrong, and that somebody looks after it."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import PageQuery, StrictSerializer, v4_response
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.paging import Cursor, InvalidCursor, Page, PageRequest, scope_of
from jewgo.core.schema import operation
from rollout import documents
from rollout.alerts import AlertIsOver, acknowledge
from rollout.api.actors import actor_of
from rollout.api.reads import DENIALS, RolloutView
from rollout.api.shapes import AlertShape
from rollout.models import Alert
from rollout.moves import LONGEST_REASON, ReasonRequired
from rollout.repositories import UnknownAlert

SCOPE = "rollout.alerts:"


class AlertsQuery(PageQuery):
    """Which alerts to show, newest first."""

    all = serializers.BooleanField(default=False, help_text="Also what is over.")


class AcknowledgeBody(StrictSerializer):
    """Why nobody else has to look after it."""

    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="Kept with the alert.")


class Alerts(RolloutView):
    """`/api/v4/rollout/alerts`."""

    @operation(query=AlertsQuery, data=list[AlertShape], errors=[InvalidInput, InvalidCursor, *DENIALS])
    def get(self, request: Request) -> Response:
        """Answer one page of what is wrong, newest first."""
        query = self.query(AlertsQuery)
        asked, page = PageRequest.of(query), _page(query)
        return v4_response([documents.alert(one) for one in page.items], meta=asked.meta(page))


class Acknowledge(RolloutView):
    """`/api/v4/rollout/alerts/{alert_id}/acknowledge`."""

    @operation(
        body=AcknowledgeBody,
        data=AlertShape,
        errors=[InvalidInput, ReasonRequired, Unauthenticated, Forbidden, UnknownAlert, AlertIsOver],
    )
    def post(self, request: Request, alert_id: int) -> Response:
        """Say that somebody looks after an alert; it stays open until it is over."""
        reason = self.body(AcknowledgeBody)["reason"]
        alert = acknowledge(alert_id, actor=actor_of(request), reason=reason, at=timezone.now())
        return v4_response(documents.alert(alert))


def _page(query: Mapping[str, Any]) -> Page[Alert]:
    asked, scope = PageRequest.of(query), SCOPE + scope_of(query)
    rows = Alert.objects.newest_first() if query["all"] else Alert.objects.open().newest_first()
    total = rows.count() if asked.include_total else None
    if asked.cursor is not None:
        rows = rows.filter(pk__lt=Cursor.read(asked.cursor, scope)[0])
    return Page.cut(
        rows[: asked.limit + 1], limit=asked.limit, scope=scope, position=lambda alert: (alert.pk,), total=total
    )
