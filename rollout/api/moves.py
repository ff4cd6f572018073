"""The operations that move a feature: each is one move of the service, on the terms of every other door."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V4View, v4_response
from jewgo.core.errors import Forbidden, InvalidInput, JewgoError, Unauthenticated
from jewgo.core.schema import operation
from rollout import documents
from rollout.api.actors import actor_of
from rollout.api.inputs import (
    DrillBody,
    DryRunQuery,
    GatedMoveBody,
    HoldoutBody,
    MoveBody,
    OverrideBody,
    PercentageBody,
    TestersBody,
)
from rollout.api.shapes import ReportShape
from rollout.criteria import CriterionUnmet, GuardStalled
from rollout.drills import DrillsOff, Fault, InvalidDrill
from rollout.models import Drill
from rollout.moves import MovesRefused, ReasonRequired, Report, Terms
from rollout.repositories import UnknownFeature
from rollout.services import CertificateMissing, RolloutService, SuperuserRequired
from rollout.stages import IllegalMove
from rollout.targeting import InvalidIdentity, UnknownTester
from rollout.transitions import Busy, PrerequisiteDisabled, StaleVersion

STATES: Mapping[str, bool | None] = {"on": True, "off": False, "clear": None}
Given = Mapping[str, Any]
Make = Callable[[RolloutService, Given, Terms], Report]

EVERY: tuple[type[JewgoError], ...] = (
    InvalidInput,
    ReasonRequired,
    Unauthenticated,
    Forbidden,
    UnknownFeature,
    IllegalMove,
    MovesRefused,
    StaleVersion,
    Busy,
)


WIDENING = (PrerequisiteDisabled, CriterionUnmet, GuardStalled)
"""What a wider step may be refused for."""


class MoveView(V4View):
    """One move. `service` is the only way to it."""

    service: ClassVar[RolloutService] = RolloutService()

    def move(self, kind: type[MoveBody], make: Make) -> Response:
        """Read the body, make the move, wait if asked to, and answer its report."""
        given = self.body(kind)
        is_dry = given["dry_run"] or self.query(DryRunQuery)["dry_run"]
        terms: Terms = {
            "actor": actor_of(self.request),
            "reason": given["reason"],
            "dry_run": is_dry,
            "force": given.get("force", False),
            "expect_version": given.get("expect_version"),
        }
        try:
            made = make(self.service, given, terms)
        except MovesRefused as error:
            error.meta["report"] = documents.report(error.report)
            raise
        wait_s = 0 if is_dry else given["wait"]
        return self.once_committed(
            lambda: v4_response(self._reported(made, 0)), lambda: v4_response(self._reported(made, wait_s))
        )

    def _reported(self, made: Report, wait_s: float) -> dict[str, Any]:
        service = self.service
        seen = service.wait_until_applied(made.control_version, wait_s) if wait_s else service.propagation()
        confirmed = seen.is_done if wait_s else None
        return documents.report(made) | {"propagation": documents.propagation(seen), "confirmed": confirmed}


def described(body: type[MoveBody], *errors: type[JewgoError]) -> Callable[[Any], Any]:
    """Describe a move's operation: its body, and what it may be refused for besides the usual."""
    return operation(query=DryRunQuery, body=body, data=ReportShape, errors=[*EVERY, *errors])


class Start(MoveView):
    """`/api/v4/rollout/start`."""

    @described(GatedMoveBody, PrerequisiteDisabled)
    def post(self, request: Request) -> Response:
        """Begin a new attempt: DISABLED → TESTING."""
        return self.move(GatedMoveBody, lambda service, given, terms: service.start(given["selection"], **terms))


class Advance(MoveView):
    """`/api/v4/rollout/advance`."""

    @described(GatedMoveBody, *WIDENING)
    def post(self, request: Request) -> Response:
        """Go to the next step of the plan."""
        return self.move(GatedMoveBody, lambda service, given, terms: service.advance(given["selection"], **terms))


class Percentage(MoveView):
    """`/api/v4/rollout/percentage`."""

    @described(PercentageBody, *WIDENING)
    def post(self, request: Request) -> Response:
        """Go from TESTING or PARTIAL to PARTIAL at this percentage; narrowing is never gated."""
        return self.move(
            PercentageBody,
            lambda service, given, terms: service.set_percentage(given["percentage"], given["selection"], **terms),
        )


class Pause(MoveView):
    """`/api/v4/rollout/pause`."""

    @described(MoveBody)
    def post(self, request: Request) -> Response:
        """Hold automatic widening; nobody's engine changes."""
        return self.move(MoveBody, lambda service, given, terms: service.pause(given["selection"], **terms))


class Resume(MoveView):
    """`/api/v4/rollout/resume`."""

    @described(MoveBody)
    def post(self, request: Request) -> Response:
        """Let automatic widening go on."""
        return self.move(MoveBody, lambda service, given, terms: service.resume(given["selection"], **terms))


class Rollback(MoveView):
    """`/api/v4/rollout/rollback`."""

    @described(MoveBody)
    def post(self, request: Request) -> Response:
        """Send every caller back to v3, now, with everything that stands on these features. Never gated."""
        return self.move(MoveBody, lambda service, given, terms: service.rollback(given["selection"], **terms))


class Complete(MoveView):
    """`/api/v4/rollout/complete`."""

    @described(GatedMoveBody, CertificateMissing, PrerequisiteDisabled)
    def post(self, request: Request) -> Response:
        """FULL → COMPLETE: the v3 engine is never called again."""
        return self.move(GatedMoveBody, lambda service, given, terms: service.complete(given["selection"], **terms))


class Reopen(MoveView):
    """`/api/v4/rollout/reopen`."""

    @described(MoveBody, SuperuserRequired)
    def post(self, request: Request) -> Response:
        """COMPLETE → FULL, for superusers: a key may ask, and is refused."""
        return self.move(MoveBody, lambda service, given, terms: service.reopen(given["selection"], **terms))


class Holdout(MoveView):
    """`/api/v4/rollout/holdout`."""

    @described(HoldoutBody, *WIDENING)
    def post(self, request: Request) -> Response:
        """Keep this share (0 to 50 %) on v3 at FULL."""
        return self.move(
            HoldoutBody,
            lambda service, given, terms: service.set_holdout(given["percentage"], given["selection"], **terms),
        )


class OverrideIdentity(MoveView):
    """`/api/v4/rollout/override`."""

    @described(OverrideBody, InvalidIdentity)
    def post(self, request: Request) -> Response:
        """Put one identity in or out whatever its slot says, or leave it to its slot again."""
        return self.move(
            OverrideBody,
            lambda service, given, terms: service.override(
                given["selection"], given["identity"], STATES[given["state"]], **terms
            ),
        )


class Testers(MoveView):
    """`/api/v4/rollout/testers`."""

    @described(TestersBody, UnknownTester)
    def post(self, request: Request) -> Response:
        """Say who is in from TESTING on, and who is no longer."""
        return self.move(
            TestersBody,
            lambda service, given, terms: service.set_testers(
                given["selection"], add=given["add"], remove=given["remove"], **terms
            ),
        )


class BeginDrill(MoveView):
    """`/api/v4/rollout/drill`."""

    @described(DrillBody, InvalidDrill, InvalidIdentity, DrillsOff)
    def post(self, request: Request) -> Response:
        """Inject a fault into the v4 engine until it expires; only where drills are allowed."""
        return self.move(
            DrillBody, lambda service, given, terms: service.drill(given["selection"], _fault(given), **terms)
        )


class EndDrill(MoveView):
    """`/api/v4/rollout/drill/end`."""

    @described(MoveBody)
    def post(self, request: Request) -> Response:
        """End the live drills of these features."""
        return self.move(MoveBody, lambda service, given, terms: service.end_drill(given["selection"], **terms))


def _fault(given: Given) -> Fault:
    return Fault(
        kind=given["fault"],
        rate=given["rate"],
        delay_ms=given["delay_ms"] if given["fault"] == Drill.Fault.SLOW else 0,
        lasts=timedelta(seconds=given["lasts_s"]),
        operation=given.get("operation"),
        identities=tuple(given["identities"]),
        match=given.get("match"),
    )
