"""Where a feature stands, which moves are legal from there, and what a plan's next step is. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from jewgo.core.errors import Conflict, InvalidInput

ZERO = Decimal(0)
HUNDRED = Decimal(100)
GRAIN = Decimal("0.01")
LARGEST_HOLDOUT = Decimal(50)
FIRST_HOLDOUT = Decimal(10)
"""The share that FULL keeps on control in its first dwell, as a concurrent comparison (docs/rollout.md)."""


class Stage(StrEnum):
    """How far a feature is; the order of definition is the order of the way."""

    DISABLED = "disabled"
    TESTING = "testing"
    PARTIAL = "partial"
    FULL = "full"
    COMPLETE = "complete"

    @property
    def rank(self) -> int:
        """0 for DISABLED up to 4 for COMPLETE."""
        return list(Stage).index(self)


class IllegalMove(Conflict):
    """The move does not exist from here; `instead` names the one that helps."""

    code, title = "illegal_move", "This move is not legal from here"

    def __init__(self, message: str = "", *, instead: str = "") -> None:
        super().__init__(message)
        self.instead = instead


class InvalidPercentage(InvalidInput):
    code, title = "invalid_percentage", "This is not a percentage that a rollout can take"


@dataclass(frozen=True, slots=True)
class Position:
    """Stage, percentage and holdout, which only together say who is in. Percentages are 0 to 100, to the hundredth."""

    stage: Stage
    percentage: Decimal
    holdout: Decimal = FIRST_HOLDOUT

    @property
    def share(self) -> Decimal:
        """The percentage of all identities that the slots let in (testers come on top)."""
        return HUNDRED - self.holdout if self.stage is Stage.FULL else self.percentage

    def __str__(self) -> str:
        match self.stage:
            case Stage.PARTIAL:
                return f"PARTIAL {plain(self.percentage)} %"
            case Stage.FULL if self.holdout:
                return f"FULL less {plain(self.holdout)} % holdout"
            case _:
                return self.stage.name


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of a plan: where it stands, and what has to hold there before the next one (judged by the guard)."""

    stage: Stage
    percentage: Decimal
    dwell: timedelta = timedelta(hours=24)
    min_requests: int = 100
    max_error_percent: Decimal = Decimal(5)
    p95_ms: int = 1000
    automatic: bool = True
    """Whether the guard may leave this step forwards by itself; otherwise a person does."""

    @property
    def reach(self) -> tuple[int, Decimal]:
        """Steps are ordered by this."""
        return self.stage.rank, self.percentage


Plan = Sequence[PlanStep]

DEFAULT_PLAN: Plan = (
    PlanStep(Stage.PARTIAL, Decimal(1), max_error_percent=Decimal(5), p95_ms=1000),
    PlanStep(Stage.PARTIAL, Decimal(10), max_error_percent=Decimal(5), p95_ms=1000),
    PlanStep(Stage.PARTIAL, Decimal(25), max_error_percent=Decimal(3), p95_ms=800),
    PlanStep(Stage.PARTIAL, Decimal(50), max_error_percent=Decimal(2), p95_ms=600),
    PlanStep(Stage.FULL, HUNDRED, max_error_percent=Decimal(1), p95_ms=500, automatic=False),
)
"""What follows TESTING unless a feature's plan was edited; FULL is left by hand."""


def plain(percentage: Decimal) -> str:
    """Return a percentage without trailing zeros or an exponent: 10, 0.5, 12.25."""
    text = f"{percentage:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_percentage(value: object) -> Decimal:
    """Return `value` (number or text, a `%` sign allowed) as 0 to 100 in steps of 0.01, or raise InvalidPercentage."""
    text = str(value).strip().removesuffix("%").strip()
    try:
        percentage = Decimal(text)
        is_fine = ZERO <= percentage <= HUNDRED and percentage == percentage.quantize(GRAIN)
    except ArithmeticError:
        is_fine = False
    if not is_fine:
        raise InvalidPercentage(f"{value} is not a percentage; give 0.01 to 100, in steps of 0.01.")
    return percentage.quantize(GRAIN)


def start(position: Position) -> Position:
    """DISABLED → TESTING; a feature that is already started stays where it is."""
    if position.stage is not Stage.DISABLED:
        return position
    return Position(Stage.TESTING, ZERO, FIRST_HOLDOUT)


def advance(position: Position, plan: Plan) -> Position:
    """Go to the plan's next step; from a place off the plan that is the first step wider than here."""
    if position.stage is Stage.DISABLED:
        raise IllegalMove("It is DISABLED; a rollout begins with start.", instead="start")
    if position.stage is Stage.COMPLETE:
        raise IllegalMove("It is COMPLETE; there is nothing beyond.")
    step = next_step(position, plan)
    if step is not None:
        return at_step(position, step)
    if position.stage is Stage.FULL:
        raise IllegalMove("It is FULL, the last step; what follows is complete.", instead="complete")
    raise IllegalMove(f"Its plan has no step beyond {position}; set a percentage by hand.", instead="set")


def set_percentage(position: Position, percentage: Decimal) -> Position:
    """TESTING or PARTIAL → PARTIAL at `percentage` (0 < p ≤ 100), wider or narrower."""
    if percentage == ZERO:
        raise IllegalMove("0 % is not a place to stand; to send everyone back, roll back.", instead="rollback")
    if position.stage not in {Stage.TESTING, Stage.PARTIAL}:
        instead = {Stage.DISABLED: "start", Stage.FULL: "rollback", Stage.COMPLETE: "reopen"}[position.stage]
        raise IllegalMove(
            f"It is {position.stage.name}; a percentage is set in TESTING or PARTIAL only.", instead=instead
        )
    return replace(position, stage=Stage.PARTIAL, percentage=percentage)


def rollback(position: Position) -> Position:
    """Any stage but COMPLETE → DISABLED."""
    if position.stage is Stage.COMPLETE:
        raise IllegalMove("It is COMPLETE: the v3 engine is never called; reopen it first.", instead="reopen")
    if position.stage is Stage.DISABLED:
        return position
    return Position(Stage.DISABLED, ZERO, FIRST_HOLDOUT)


def complete(position: Position) -> Position:
    """FULL → COMPLETE, where nobody is held out."""
    if position.stage is Stage.COMPLETE:
        return position
    if position.stage is not Stage.FULL:
        instead = "start" if position.stage is Stage.DISABLED else "advance"
        raise IllegalMove(f"It is {position}; only FULL can be completed.", instead=instead)
    return Position(Stage.COMPLETE, HUNDRED, ZERO)


def reopen(position: Position) -> Position:
    """COMPLETE → FULL without a holdout: nobody's arm moves, and the v3 engine is a fallback again."""
    if position.stage is Stage.FULL:
        return position
    if position.stage is not Stage.COMPLETE:
        raise IllegalMove(f"It is {position}; only COMPLETE can be reopened.")
    return Position(Stage.FULL, HUNDRED, ZERO)


def set_holdout(position: Position, holdout: Decimal) -> Position:
    """Keep `holdout` % (0 to 50) on control at FULL; before FULL this is what FULL will begin with."""
    if holdout > LARGEST_HOLDOUT:
        raise InvalidPercentage(f"A holdout of {plain(holdout)} % is too large; give 0 to {LARGEST_HOLDOUT}.")
    if position.stage in {Stage.DISABLED, Stage.COMPLETE}:
        instead = "start" if position.stage is Stage.DISABLED else "reopen"
        raise IllegalMove(f"It is {position.stage.name}; nobody can be held out.", instead=instead)
    return replace(position, holdout=holdout)


def hold_widening(position: Position) -> None:
    """Check that there is a rollout to pause or resume; raises IllegalMove when there is none."""
    if position.stage in {Stage.DISABLED, Stage.COMPLETE}:
        instead = "start" if position.stage is Stage.DISABLED else ""
        raise IllegalMove(f"It is {position.stage.name}; there is no widening to hold.", instead=instead)


def next_step(position: Position, plan: Plan) -> PlanStep | None:
    """Return the first step of the plan that is wider than `position`, or None at its end."""
    here = (position.stage.rank, position.percentage)
    return min((step for step in plan if step.reach > here), key=lambda step: step.reach, default=None)


def step_at(position: Position, plan: Plan) -> PlanStep | None:
    """Return the plan's step for exactly this place, or None when it is off the plan (as TESTING always is)."""
    here = (position.stage.rank, position.percentage)
    return next((step for step in plan if step.reach == here), None)


def is_off_plan(position: Position, plan: Plan) -> bool:
    """Say whether a PARTIAL or FULL position is none of the plan's steps."""
    return position.stage in {Stage.PARTIAL, Stage.FULL} and step_at(position, plan) is None


def at_step(position: Position, step: PlanStep) -> Position:
    """Return the position of a plan's step; entering FULL never drops anyone who is in already."""
    if step.stage is Stage.FULL:
        return Position(Stage.FULL, HUNDRED, min(position.holdout, HUNDRED - position.percentage))
    return replace(position, stage=step.stage, percentage=step.percentage)


def widens(before: Position, after: Position) -> bool:
    """Say whether the move lets in anyone new, or goes on along the stages."""
    return after.share > before.share or after.stage.rank > before.stage.rank


def blocking_prerequisites(
    feature: str, prerequisites: Mapping[str, str | None], disabled: frozenset[str]
) -> list[str]:
    """Return the DISABLED features that `feature` stands on, nearest first; widening waits until there are none."""
    return [name for name in chain(feature, prerequisites) if name in disabled]


def chain(feature: str, prerequisites: Mapping[str, str | None]) -> list[str]:
    """Return the prerequisites of `feature`, nearest first; a cycle ends where it closes."""
    found: list[str] = []
    name = prerequisites.get(feature)
    while name is not None and name not in found and name != feature:
        found.append(name)
        name = prerequisites.get(name)
    return found


def dependants(feature: str, prerequisites: Mapping[str, str | None]) -> list[str]:
    """Return every feature that stands on `feature`, directly or not, in name order."""
    return sorted(name for name in prerequisites if name != feature and feature in chain(name, prerequisites))


def prerequisites_first(names: Sequence[str], prerequisites: Mapping[str, str | None]) -> list[str]:
    """Return `names` so that each comes after what it stands on, else in name order."""
    return sorted(names, key=lambda name: (len(chain(name, prerequisites)), name))
