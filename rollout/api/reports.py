"""The operations that answer a whole document: the report, and the flight records of rollbacks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import v4_response
from jewgo.core.errors import InvalidInput
from jewgo.core.paging import Cursor, InvalidCursor, Page, PageRequest, scope_of
from jewgo.core.schema import operation
from rollout import flights
from rollout.api.inputs import HistoryQuery, NoQuery, ReportQuery
from rollout.api.reads import DENIALS, RolloutView
from rollout.api.report_shapes import FlightShape, FlightSummaryShape, WholeReportShape
from rollout.models import Flag, FlightRecord
from rollout.repositories import UnknownFeature

SCOPE = "rollout.flights:"


class WholeReport(RolloutView):
    """`/api/v4/rollout/report`."""

    @operation(query=ReportQuery, data=WholeReportShape, errors=[InvalidInput, *DENIALS, UnknownFeature])
    def get(self, request: Request) -> Response:
        """Answer status, history, evidence, trends and recommendations, each computed from what is stored."""
        query = self.query(ReportQuery)
        return v4_response(self.service.report(query.get("feature", []), timedelta(hours=query["hours"])))


class Flights(RolloutView):
    """`/api/v4/rollout/flights`."""

    @operation(
        query=HistoryQuery,
        data=list[FlightSummaryShape],
        errors=[InvalidInput, InvalidCursor, *DENIALS, UnknownFeature],
    )
    def get(self, request: Request) -> Response:
        """Answer one page of the flight records, newest first."""
        query = self.query(HistoryQuery)
        asked, page = PageRequest.of(query), _page(query)
        return v4_response([flights.summary(one) for one in page.items], meta=asked.meta(page))


class Flight(RolloutView):
    """`/api/v4/rollout/flights/{number}`."""

    @operation(data=FlightShape, errors=[InvalidInput, *DENIALS, flights.UnknownFlight])
    def get(self, request: Request, number: int) -> Response:
        """Answer one flight record: all that was known when the feature was rolled back."""
        self.query(NoQuery)
        return v4_response(flights.whole(flights.numbered(number)))


def _page(query: Mapping[str, Any]) -> Page[FlightRecord]:
    asked, scope, names = PageRequest.of(query), SCOPE + scope_of(query), query.get("feature", [])
    rows = FlightRecord.objects.of(flag.name for flag in Flag.objects.all_named(names)).defer("document")
    total = rows.count() if asked.include_total else None
    if asked.cursor is not None:
        rows = rows.filter(pk__lt=Cursor.read(asked.cursor, scope)[0])
    return Page.cut(
        rows[: asked.limit + 1], limit=asked.limit, scope=scope, position=lambda one: (one.pk,), total=total
    )
