"""The operations that only look."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V4View, v4_conditional, v4_response
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.paging import Cursor, InvalidCursor, Page, PageRequest, scope_of
from jewgo.core.schema import operation
from rollout import documents, ledger, opinions, registry
from rollout.api.inputs import ExplainQuery, FeaturesQuery, HistoryQuery, NoQuery, VerifyQuery
from rollout.api.shapes import (
    CertificateShape,
    ExplanationShape,
    FeatureDetailShape,
    FeatureShape,
    LineShape,
    PropagationShape,
    StatusShape,
    VerificationShape,
)
from rollout.explanation import explain
from rollout.models import Drill, Flag, StageChange
from rollout.repositories import UnknownFeature
from rollout.services import RolloutService
from rollout.targeting import InvalidIdentity

DENIALS = (Unauthenticated, Forbidden)
SCOPE = "rollout.history:"


class RolloutView(V4View):
    """A view of the rollout itself: never gated."""

    service: ClassVar[RolloutService] = RolloutService()


class Status(RolloutView):
    """`/api/v4/rollout/status`."""

    @operation(query=FeaturesQuery, data=StatusShape, errors=[InvalidInput, *DENIALS, UnknownFeature])
    def get(self, request: Request) -> Response:
        """Answer the whole picture, as `manage.py rollout status --json` prints it."""
        return v4_response(self.service.status(self.query(FeaturesQuery).get("feature", [])))


class Features(RolloutView):
    """`/api/v4/rollout/features`."""

    @operation(data=list[FeatureShape], errors=[InvalidInput, *DENIALS])
    def get(self, request: Request) -> Response:
        """Answer every feature, in the order of their names."""
        self.query(NoQuery)
        shown = self.service.status()["feature_flags"]
        return v4_response([{"name": name, **feature} for name, feature in shown.items()])


class Feature(RolloutView):
    """`/api/v4/rollout/features/{name}`."""

    @operation(data=FeatureDetailShape, conditional=True, errors=[InvalidInput, *DENIALS, UnknownFeature])
    def get(self, request: Request, name: str) -> Response:
        """Answer one feature with its plan, its exceptions, what it gates and its live drills."""
        self.query(NoQuery)
        shown = self.service.status([name])["feature_flags"][name]
        data = {"name": name, **shown, **_beside(Flag.objects.named(name))}
        return v4_conditional(request, data, version=shown["version"])


class CertificateOfFeature(RolloutView):
    """`/api/v4/rollout/features/{name}/certificate`."""

    @operation(data=CertificateShape, errors=[InvalidInput, *DENIALS, UnknownFeature])
    def get(self, request: Request, name: str) -> Response:
        """Answer whether the v3 engine can be done without, condition by condition."""
        self.query(NoQuery)
        return v4_response(documents.certificate(self.service.certificate(name)))


class Explain(RolloutView):
    """`/api/v4/rollout/explain`."""

    @operation(
        query=ExplainQuery, data=ExplanationShape, errors=[InvalidInput, InvalidIdentity, *DENIALS, UnknownFeature]
    )
    def get(self, request: Request) -> Response:
        """Answer which engine serves an identity, and why."""
        return v4_response(explain(**self.query(ExplainQuery)))


class History(RolloutView):
    """`/api/v4/rollout/history`."""

    @operation(query=HistoryQuery, data=list[LineShape], errors=[InvalidInput, InvalidCursor, *DENIALS, UnknownFeature])
    def get(self, request: Request) -> Response:
        """Answer one page of the ledger, newest line first."""
        query = self.query(HistoryQuery)
        asked, page = PageRequest.of(query), _page_of_history(query)
        return v4_response([documents.line(change) for change in page.items], meta=asked.meta(page))


class PropagationNow(RolloutView):
    """`/api/v4/rollout/propagation`."""

    @operation(data=PropagationShape, errors=[InvalidInput, *DENIALS])
    def get(self, request: Request) -> Response:
        """Answer which workers decide by the newest version."""
        self.query(NoQuery)
        return v4_response(documents.propagation(self.service.propagation()))


class Verify(RolloutView):
    """`/api/v4/rollout/verify`."""

    @operation(query=VerifyQuery, data=VerificationShape, errors=[InvalidInput, *DENIALS])
    def get(self, request: Request) -> Response:
        """Walk the ledger's chain and answer whether every link holds."""
        found = ledger.verify(self.query(VerifyQuery).get("head"))
        return v4_response(
            {
                "holds": found.holds,
                "lines": found.lines,
                "head": found.head,
                "problem": found.problem or None,
                "broken_at": found.broken_at,
            }
        )


def _page_of_history(query: Mapping[str, Any]) -> Page[StageChange]:
    asked, scope, names = PageRequest.of(query), SCOPE + scope_of(query), query.get("feature", [])
    rows = StageChange.objects.of(flag.name for flag in Flag.objects.all_named(names))
    total = rows.count() if asked.include_total else None
    if asked.cursor is not None:
        rows = rows.filter(pk__lt=Cursor.read(asked.cursor, scope)[0])
    return Page.cut(
        rows[: asked.limit + 1], limit=asked.limit, scope=scope, position=lambda change: (change.pk,), total=total
    )


def _beside(flag: Flag) -> dict[str, Any]:
    """Return what stands in tables beside the feature's own, each in a fixed order."""
    audiences = [name for name in ("staff", "superusers") if getattr(flag, name)]
    groups = [f"g:{key}" for key in flag.groups.order_by("pk").values_list("pk", flat=True)]
    users = [f"u:{key}" for key in flag.users.order_by("pk").values_list("pk", flat=True)]
    return {
        "plan": [opinions.step(step) for step in flag.plan],
        "testers": [*audiences, *groups, *users],
        "overrides": list(flag.overrides.order_by("identity").values("identity", "is_in")),
        "drills": [_drill(drill) for drill in Drill.objects.live(timezone.now()).filter(flag=flag)],
        "gates": sorted(registry.gated_by(flag.name)),
    }


def _drill(drill: Drill) -> dict[str, Any]:
    return {
        "fault": drill.fault,
        "rate": drill.rate,
        "delay_ms": drill.delay_ms,
        "operation": drill.operation,
        "identities": drill.identities,
        "match": drill.match,
        "expires_at": drill.expires_at.isoformat(),
        "actor": drill.actor,
        "reason": drill.reason,
    }
