"""The one machine that changes a stage: every legal move, whichever door it is asked through."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack

from django.utils import timezone

from jewgo.core.errors import Conflict, Forbidden
from rollout import documents, drills, flights, propagation, radius, stages, targeting
from rollout.certificate import Certificate, certificate
from rollout.criteria import Criteria
from rollout.explanation import explain
from rollout.models import Flag
from rollout.moves import Features, Order, Report, Selection, Terms, command
from rollout.propagation import Propagation
from rollout.report import report
from rollout.stages import IllegalMove, Position, Stage, is_off_plan, parse_percentage, step_at, widens
from rollout.status import status
from rollout.transitions import Change, Planner, Scene, Transition, require_prerequisites


class CertificateMissing(Conflict):
    """It is not shown that the v3 engine is not needed any more."""

    code, title = "certificate_missing", "The certificate for COMPLETE is missing"


class SuperuserRequired(Forbidden):
    code, title = "superuser_required", "Only a superuser may reopen a completed feature"


class RolloutService:
    """Every move of the rollout.

    Each takes a name, names or a Selection, and as keyword arguments `Terms`: an actor, a reason, and if wanted
    `dry_run`, `force`, `expect_version`, `evidence`. Each is one transaction: the features and what they depend on are
    locked in name order, every one is planned, and either all are written with their ledger lines or none is. What is
    already so is reported as that, without a line. Returns once committed; workers follow (`propagation`). The report
    of a dry run says whom the move would concern (`rollout.radius`).

    Raises UnknownFeature, Busy, StaleVersion, ReasonRequired, and for what is refused the reason of a single feature or
    MovesRefused for several.
    """

    def __init__(self, clock: Callable[[], datetime] = timezone.now) -> None:
        self._clock = clock

    def start(self, features: Features, **terms: Unpack[Terms]) -> Report:
        """Begin a new attempt: DISABLED → TESTING."""
        return self._move(Transition("start", _start), features, terms)

    def advance(self, features: Features, **terms: Unpack[Terms]) -> Report:
        """Go to the next step of the plan. By hand the dwell may be cut short; the ledger says so."""
        plan = _towards(lambda flag: stages.advance(flag.position, flag.plan))
        return self._move(Transition("advance", plan), features, terms)

    def set_percentage(self, percentage: object, features: Features, **terms: Unpack[Terms]) -> Report:
        """Go to PARTIAL at this percentage (number or text), on the plan or off it. Narrowing is never gated."""
        wanted = parse_percentage(percentage)
        plan = _towards(lambda flag: stages.set_percentage(flag.position, wanted))
        return self._move(Transition("set", plan), features, terms)

    def pause(self, features: Features, **terms: Unpack[Terms]) -> Report:
        """Hold automatic widening; automatic rollback stays armed and nobody's arm changes."""
        return self._move(Transition("pause", _holding(True)), features, terms)

    def resume(self, features: Features, **terms: Unpack[Terms]) -> Report:
        """Let automatic widening go on."""
        return self._move(Transition("resume", _holding(False)), features, terms)

    def rollback(self, features: Features, **terms: Unpack[Terms]) -> Report:
        """Send every caller back to v3, now, with everything that stands on these features.

        Never gated and never in the way of itself: repeating it is "already so". A COMPLETE feature is refused in the
        report with the commands that help; raised only when nothing else was named. What is known at this moment is
        kept as a flight record of each feature (`rollout.flights`).
        """
        transition = Transition(
            "rollback", _rollback, takes_dependants=True, tolerates_refusals=True, record=flights.record_all
        )
        return self._move(transition, features, terms)

    def complete(self, features: Features, **terms: Unpack[Terms]) -> Report:
        """FULL → COMPLETE: the v3 engine is never called again. Needs the certificate, or `force`."""
        return self._move(Transition("complete", _complete), features, terms)

    def reopen(self, features: Features, **terms: Unpack[Terms]) -> Report:
        """COMPLETE → FULL without a holdout: nobody's arm changes, v3 is a fallback again. For superusers."""
        return self._move(Transition("reopen", _reopen), features, terms)

    def set_holdout(self, percentage: object, features: Features, **terms: Unpack[Terms]) -> Report:
        """Keep this share (0 to 50 %) on control at FULL."""
        wanted = parse_percentage(percentage)
        plan = _towards(lambda flag: stages.set_holdout(flag.position, wanted))
        return self._move(Transition("holdout", plan), features, terms)

    def set_testers(
        self, features: Features, *, add: Sequence[str] = (), remove: Sequence[str] = (), **terms: Unpack[Terms]
    ) -> Report:
        """Add and remove testers: people by e-mail or `u:<id>`, groups by name or `g:<id>`, `staff`, `superusers`.

        Raises UnknownTester.
        """
        return self._move(Transition("testers", targeting.testers(add, remove)), features, terms)

    def override(self, features: Features, identity: str, is_in: bool | None, **terms: Unpack[Terms]) -> Report:
        """Put one identity in (True) or out (False) whatever its slot says, or None: leave it to its slot again.

        Raises InvalidIdentity.
        """
        return self._move(Transition("override", targeting.override(identity, is_in)), features, terms)

    def drill(self, features: Features, fault: "drills.Fault", **terms: Unpack[Terms]) -> Report:
        """Inject a fault into the candidate engine until it expires. Raises DrillsOff where they are not allowed."""
        return self._move(Transition("drill", drills.begin(fault)), features, terms)

    def end_drill(self, features: Features, **terms: Unpack[Terms]) -> Report:
        """End the live drills of these features; allowed everywhere."""
        return self._move(Transition("end_drill", drills.end), features, terms)

    def propagation(self, version: int | None = None) -> Propagation:
        """Say which workers decide by `version`, by default the newest."""
        return propagation.propagation(version)

    def wait_until_applied(self, version: int, timeout_s: float, **hooks: Any) -> Propagation:
        """Wait until every live worker has applied `version`, at most `timeout_s`; ask the answer's `is_done`."""
        return propagation.wait_until_applied(version, timeout_s, **hooks)

    def status(self, names: Sequence[str] = ()) -> dict[str, Any]:
        """Return the whole picture as `rollout status --json` prints it. Raises UnknownFeature."""
        return status(names, self._clock())

    def report(self, names: Sequence[str] = (), since: timedelta = timedelta(hours=24)) -> dict[str, Any]:
        """Return status, history, evidence, trends and recommendations. Raises UnknownFeature."""
        return report(names, self._clock(), since)

    def explain(self, feature: str, identity: str) -> dict[str, Any]:
        """Say which engine serves `identity`, and why. Raises UnknownFeature, InvalidIdentity."""
        return explain(feature, identity)

    def certificate(self, feature: str) -> Certificate:
        """Say whether the v3 engine can be done without, condition by condition. Raises UnknownFeature."""
        return certificate(Flag.objects.named(feature), self._clock())

    def _move(self, transition: Transition, features: Features, terms: Terms) -> Report:
        order, at = Order(**terms), self._clock()
        made = transition.carry_out(Selection.of(features), order, at)
        # Only now, when nothing is locked any more: deciding about a hundred thousand people takes its time.
        return radius.measured(made, at) if order.dry_run else made


def _start(flag: Flag, scene: Scene) -> Change | None:
    after = stages.start(flag.position)
    if after == flag.position:
        return None
    notes = require_prerequisites(flag, scene, after)
    columns = {"attempt": flag.attempt + 1, "started_at": scene.at, "paused": False}
    return Change(after, columns, notes=notes)


def _rollback(flag: Flag, _: Scene) -> Change | None:
    try:
        after = stages.rollback(flag.position)
    except IllegalMove as error:
        error.hint = f"Next: {command('reopen', flag.name)}  and then: {command('rollback', flag.name)}"
        raise
    if after.stage is flag.position.stage:
        return None
    return Change(after, {"started_at": None, "paused": False})


def _complete(flag: Flag, scene: Scene) -> Change | None:
    after = stages.complete(flag.position)
    if after == flag.position:
        return None
    shown = certificate(flag, scene.at, scene.positions)
    if not (shown.is_given or scene.order.force):
        raise CertificateMissing(
            f"There is no certificate: {shown.complaint}",
            hint=f"Look again: manage.py rollout certificate {flag.name}. If you know that v3 is not needed: "
            f"{command('complete', flag.name)} --force",
        )
    notes = require_prerequisites(flag, scene, after)
    if not shown.is_given:
        notes += (f"forced without the certificate: {shown.complaint}",)
    return Change(after, {"paused": False}, details={"certificate": documents.certificate(shown)}, notes=notes)


def _reopen(flag: Flag, scene: Scene) -> Change | None:
    after = stages.reopen(flag.position)
    if after == flag.position:
        return None
    if not scene.order.actor.is_superuser:
        raise SuperuserRequired(f"{flag.name} is COMPLETE; only a superuser may reopen it.")
    return Change(after)


def _holding(is_held: bool) -> Planner:
    def plan(flag: Flag, _: Scene) -> Change | None:
        stages.hold_widening(flag.position)
        return None if flag.paused == is_held else Change(flag.position, {"paused": is_held})

    return plan


def _towards(place: Callable[[Flag], Position]) -> Planner:
    """Plan a move along the percentages: gated where it widens, with what the ledger has to say about it."""
    criteria = Criteria()

    def plan(flag: Flag, scene: Scene) -> Change | None:
        after = place(flag)
        if after == flag.position:
            return None
        notes = (*require_prerequisites(flag, scene, after), *criteria.require(flag, scene, after))
        details: dict[str, Any] = {"off_plan": True} if is_off_plan(after, flag.plan) else {}
        if widens(flag.position, after):
            details["criteria"] = criteria.recorded(flag, scene)
            notes += _dwell_cut_short(flag, scene)
        if details.get("off_plan"):
            notes += (f"{after} is not a step of the plan",)
        return Change(after, details=details, notes=notes)

    return plan


def _dwell_cut_short(flag: Flag, scene: Scene) -> tuple[str, ...]:
    step = step_at(flag.position, flag.plan)
    stayed = scene.at - flag.entered_at
    if step is None or flag.position.stage is Stage.TESTING or stayed >= step.dwell:
        return ()
    return (f"moved by hand after {_hours(stayed)} of a dwell of {_hours(step.dwell)}",)


def _hours(duration: timedelta) -> str:
    minutes = int(duration.total_seconds() // 60)
    if not minutes:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h" if hours and not rest else f"{hours} h {rest:02} min"
