"""How any move is carried out, in one transaction: lock, plan every feature, refuse or write all, append the ledger."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from django.db import OperationalError, connection, transaction

from jewgo.core.errors import Conflict, JewgoError, Unavailable
from jewgo.core.middleware import current_request_id
from rollout import ledger
from rollout.models import Flag, StageChange
from rollout.moves import (
    Foresee,
    MovesRefused,
    Order,
    Outcome,
    Report,
    Result,
    Selection,
    command,
    unchanged,
)
from rollout.propagation import control_version
from rollout.stages import (
    Position,
    Stage,
    blocking_prerequisites,
    chain,
    dependants,
    prerequisites_first,
    widens,
)

LOCK_TIMEOUT_MS = 2000
STATEMENT_TIMEOUT_MS = 5000
"""More than the lock's, so that waiting for a lock ends as what it is."""

_LOCK_NOT_AVAILABLE, _DEADLOCK = "55P03", "40P01"


class Busy(Unavailable):
    """Somebody else holds the features; nothing was changed, and trying again is right."""

    code, status, title = "busy", 503, "Somebody else is moving these features right now"


class StaleVersion(Conflict):
    """The feature changed since the caller looked at it."""

    code, title = "stale_version", "The feature changed since you looked"


class PrerequisiteDisabled(Conflict):
    """What the feature stands on is DISABLED."""

    code, title = "prerequisite_disabled", "A prerequisite is DISABLED"


@dataclass(frozen=True, slots=True)
class Change:
    """What a move makes of one feature: where it will stand, other columns, rows beside it, what the ledger keeps."""

    position: Position
    columns: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    apply: Callable[[], None] = lambda: None
    foresee: Foresee = unchanged


@dataclass(frozen=True, slots=True)
class Scene:
    """The features as they will stand, while a bulk move is planned from the prerequisites on."""

    flags: Mapping[str, Flag]
    prerequisites: Mapping[str, str | None]
    positions: dict[str, Position]
    order: Order
    at: datetime

    def blocking(self, feature: str) -> list[str]:
        """Return the DISABLED features that `feature` stands on."""
        disabled = frozenset(name for name, position in self.positions.items() if position.stage is Stage.DISABLED)
        return blocking_prerequisites(feature, self.prerequisites, disabled)


Planner = Callable[[Flag, Scene], Change | None]
"""Says what a move makes of a feature; None when it is already so. Raises JewgoError to refuse. Writes nothing."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One kind of move."""

    name: str
    plan: Planner
    takes_dependants: bool = False
    tolerates_refusals: bool = False
    """Whether the others go on when some of what was named is refused, but not all."""
    record: Callable[[Sequence[StageChange], datetime], object] = lambda *_: None
    """Called with the lines that the move has appended to the ledger, in its transaction; must not raise."""

    def carry_out(self, selection: Selection, order: Order, at: datetime) -> Report:
        """Make the move. Raises what refused it, MovesRefused for several, StaleVersion, Busy, UnknownFeature."""
        with _patience():
            named, scene = self._lock(selection, order, at)
            _refuse_stale(named, scene)
            planned = [self._plan(name, scene) for name in self._order(named, scene)]
            self._refuse(planned, named, scene)
            outcomes = tuple(
                outcome if order.dry_run else _write(self.name, outcome, change, scene) for outcome, change in planned
            )
            lines = [outcome.change for outcome in outcomes if outcome.change]
            ledger.append(lines)
            self.record(lines, at)
            return Report(self.name, outcomes, order.dry_run, control_version())

    def _lock(self, selection: Selection, order: Order, at: datetime) -> tuple[set[str], Scene]:
        named = selection.among(dict(Flag.objects.values_list("name", "cohort")))
        prerequisites = Flag.objects.prerequisites()
        near = {other for name in named for other in (*chain(name, prerequisites), *dependants(name, prerequisites))}
        flags = {flag.name: flag for flag in Flag.objects.locked(named | near)}
        positions = {name: flag.position for name, flag in flags.items()}
        return named, Scene(flags, prerequisites, positions, order, at)

    def _order(self, named: set[str], scene: Scene) -> list[str]:
        if self.takes_dependants:
            named = named | {other for name in named for other in dependants(name, scene.prerequisites)}
        return prerequisites_first(sorted(named), scene.prerequisites)

    def _plan(self, name: str, scene: Scene) -> tuple[Outcome, Change | None]:
        flag, before = scene.flags[name], scene.flags[name].position
        try:
            change = self.plan(flag, scene)
        except Conflict as error:
            return Outcome(name, Result.REFUSED, before, before, flag.version, error=_about(name, error)), None
        if change is None:
            return Outcome(name, Result.ALREADY, before, before, flag.version), None
        scene.positions[name] = change.position
        return Outcome(
            name, Result.MOVED, before, change.position, flag.version, change.notes, foresee=change.foresee
        ), change

    def _refuse(self, planned: list[tuple[Outcome, Change | None]], named: set[str], scene: Scene) -> None:
        outcomes = [outcome for outcome, _ in planned]
        errors = [outcome.error for outcome in outcomes if outcome.error]
        is_any_spared = any(outcome.feature in named and not outcome.error for outcome in outcomes)
        if not errors or (self.tolerates_refusals and is_any_spared):
            return
        if len(outcomes) == 1:
            raise errors[0]
        raise MovesRefused(Report(self.name, tuple(map(_not_done, outcomes)), scene.order.dry_run, control_version()))


def require_prerequisites(flag: Flag, scene: Scene, after: Position) -> tuple[str, ...]:
    """Refuse to widen while a prerequisite is DISABLED; forced, return what the ledger has to say about it."""
    blocking = scene.blocking(flag.name) if widens(flag.position, after) else []
    if not blocking:
        return ()
    names = ", ".join(blocking)
    if not scene.order.force:
        first = blocking[-1]
        raise PrerequisiteDisabled(f"It stands on {names}, which is DISABLED.", hint=f"Next: {command('start', first)}")
    return (f"forced although {names}, which it stands on, is DISABLED",)


@contextmanager
def _patience() -> Iterator[None]:
    """Open the transaction; give up after two seconds of waiting for somebody else's, as Busy."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
                cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
            yield
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) not in {_LOCK_NOT_AVAILABLE, _DEADLOCK}:
            raise
        raise Busy(
            "Somebody else holds these features or the ledger; nothing was changed.",
            hint="Try again. If it stays so, pg_stat_activity shows who is idle in transaction.",
            headers={"Retry-After": "1"},
        ) from error


def _refuse_stale(named: set[str], scene: Scene) -> None:
    for name in sorted(named):
        expected, version = scene.order.expected(name), scene.flags[name].version
        if expected is not None and expected != version:
            raise _stale(scene.flags[name], expected)


def _stale(flag: Flag, expected: int) -> StaleVersion:
    missed = [
        {
            "at": line.at.isoformat(),
            "actor": line.actor,
            "move": line.move,
            "from": str(line.before),
            "to": str(line.after),
            "reason": line.reason,
        }
        for line in StageChange.objects.since(flag.name, expected)[:10]
    ]
    told = "; ".join(
        f"{line['actor']} {line['move']} {line['from']} → {line['to']} ({line['reason']})" for line in missed
    )
    return StaleVersion(
        f"{flag.name} is at version {flag.version}, you saw {expected}. Since then: {told or 'nothing in the ledger'}.",
        hint="Look at it again, then repeat the move if it is still right.",
        meta={"version": flag.version, "expected": expected, "changes": missed},
    )


def _write(move: str, outcome: Outcome, change: Change | None, scene: Scene) -> Outcome:
    if change is None:
        return outcome
    flag = scene.flags[outcome.feature]
    has_moved = (outcome.before.stage, outcome.before.percentage) != (outcome.after.stage, outcome.after.percentage)
    entered = {"entered_at": scene.at} if has_moved else {}
    change.apply()
    Flag.objects.move(flag, change.position, modified=scene.at, **entered, **change.columns)
    line = StageChange(
        at=scene.at,
        feature=flag.name,
        move=move,
        actor=str(scene.order.actor),
        reason=scene.order.reason.strip(),
        from_stage=outcome.before.stage.value,
        from_percentage=outcome.before.percentage,
        from_holdout=outcome.before.holdout,
        to_stage=outcome.after.stage.value,
        to_percentage=outcome.after.percentage,
        to_holdout=outcome.after.holdout,
        attempt=flag.attempt,
        flag_version=flag.version,
        request_id=current_request_id(),
        evidence=dict(scene.order.evidence),
        details=_details(change, scene.order),
    )
    return Outcome(flag.name, outcome.result, outcome.before, outcome.after, flag.version, outcome.notes, line)


def _details(change: Change, order: Order) -> dict[str, Any]:
    details = dict(change.details)
    if change.notes:
        details["notes"] = list(change.notes)
    if order.force:
        details["forced"] = True
    return details


def _about(feature: str, error: JewgoError) -> JewgoError:
    """Make the error name the feature, and the command that helps."""
    error.message = f"{feature}: {error.message}"
    error.args = (error.message,)
    instead = cast("str", getattr(error, "instead", ""))
    if instead and error.hint is None:
        error.hint = f"Next: {command(instead, feature)}"
    return error


def _not_done(outcome: Outcome) -> Outcome:
    if outcome.result is not Result.MOVED:
        return outcome
    return Outcome(outcome.feature, Result.NOT_DONE, outcome.before, outcome.before, outcome.version)
