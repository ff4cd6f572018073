"""What a move is asked with and what it answers: actor, selection, terms, outcome, report."""

import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypedDict

from jewgo.core.errors import Conflict, InvalidInput, JewgoError, Problem
from rollout.eligibility import FlagState
from rollout.repositories import UnknownFeature
from rollout.stages import Position

if TYPE_CHECKING:
    from rollout.models import StageChange
    from rollout.radius import Radius

LONGEST_REASON = 1000


class ReasonRequired(InvalidInput):
    code, title = "reason_required", "Every move needs a reason"


class NothingNamed(InvalidInput):
    code, title = "nothing_named", "No feature is named"


class MovesRefused(Conflict):
    """Some feature of a bulk move may not make it, so none did; `report` says which and why."""

    code, title = "moves_refused", "The move is refused"

    def __init__(self, report: "Report") -> None:
        self.report = report
        errors = [outcome.error for outcome in report.refused if outcome.error]
        problems = [Problem(error.code, error.message, hint=error.hint) for error in errors]
        refused, named = len(report.refused), len(report.outcomes)
        super().__init__(f"{refused} of {named} features may not {report.move}; none was moved.", problems=problems)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who moves a feature, as the ledger names them: `u:3`, `k:1`, `cli:dana`, `guard`."""

    kind: str
    label: str = ""
    is_superuser: bool = False

    def __str__(self) -> str:
        return f"{self.kind}:{self.label}"[:100] if self.label else self.kind

    @classmethod
    def user(cls, user: Any) -> "Actor":
        """A person in the admin or at the API."""
        return cls("u", str(user.pk), is_superuser=user.is_superuser)

    @classmethod
    def key(cls, key: Any) -> "Actor":
        """A service key."""
        return cls("k", str(key.pk))

    @classmethod
    def command_line(cls) -> "Actor":
        """Whoever has a shell here; they could do anything to the tables, so they may do anything."""
        try:
            name = getpass.getuser()
        except (KeyError, OSError):  # a user id without a name, as containers have
            name = "unknown"
        return cls("cli", name, is_superuser=True)


class Terms(TypedDict, total=False):
    """The keyword arguments of every move; `actor` and `reason` are required."""

    actor: Actor
    reason: str
    dry_run: bool
    force: bool
    """Go past prerequisites, criteria and the certificate; the ledger says so."""
    expect_version: int | Mapping[str, int] | None
    """The feature's version that the caller saw (by name, for several): a newer one refuses the move."""
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """The terms of one move, complete and checked."""

    actor: Actor
    reason: str
    dry_run: bool = False
    force: bool = False
    expect_version: int | Mapping[str, int] | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked_reason(self.reason)

    def expected(self, feature: str) -> int | None:
        """Return the version that the caller saw of the feature, if they said."""
        if isinstance(self.expect_version, Mapping):
            return self.expect_version.get(feature)
        return self.expect_version


@dataclass(frozen=True, slots=True)
class Selection:
    """Which features a move is about: names, a cohort, a prefix, or all."""

    names: tuple[str, ...] = ()
    cohort: str | None = None
    prefix: str | None = None
    everything: bool = False

    @classmethod
    def of(cls, features: "Features") -> "Selection":
        """Take a name, names, or a selection as they are."""
        if isinstance(features, Selection):
            return features
        return cls((features,)) if isinstance(features, str) else cls(tuple(features))

    def among(self, cohorts: Mapping[str, str]) -> set[str]:
        """Return the selected of the existing features (name → cohort); raises UnknownFeature, NothingNamed."""
        if not (self.names or self.cohort or self.prefix or self.everything):
            raise NothingNamed(
                "Name a feature, a cohort, or all of them.", hint=f"The features are: {_listed(cohorts)}."
            )
        if unknown := set(self.names) - cohorts.keys():
            raise UnknownFeature(unknown, cohorts)
        found = {name for name, cohort in cohorts.items() if self._has(name, cohort)}
        if not found:
            raise UnknownFeature([self.cohort or f"{self.prefix or ''}*"], cohorts)
        return found

    def _has(self, name: str, cohort: str) -> bool:
        is_alike = bool(self.prefix) and name.startswith(self.prefix or "")
        return self.everything or name in self.names or cohort == self.cohort or is_alike


Features = Selection | str | Sequence[str]


Foresee = Callable[[FlagState], FlagState]
"""Says what a move makes of a feature beside its place, as a snapshot knows it: its testers, its overrides."""


def unchanged(state: FlagState) -> FlagState:
    """Return the feature as it is."""
    return state


class Result(StrEnum):
    """What became of one feature in a move."""

    MOVED = "moved"
    ALREADY = "already_so"
    REFUSED = "refused"
    NOT_DONE = "not_done"
    """It could have moved, but another of the same bulk move could not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one feature, and why. `notes` are for people; `version` is the feature's after the move."""

    feature: str
    result: Result
    before: Position
    after: Position
    version: int
    notes: tuple[str, ...] = ()
    change: "StageChange | None" = None
    error: JewgoError | None = None
    foresee: Foresee = unchanged
    radius: "Radius | None" = None
    """Whom the move would concern, in a dry run of it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a move did, or with `dry_run` would do; prerequisites first. Workers follow to `control_version`."""

    move: str
    outcomes: tuple[Outcome, ...]
    dry_run: bool
    control_version: int

    @property
    def moved(self) -> tuple[Outcome, ...]:
        """The features that moved."""
        return tuple(outcome for outcome in self.outcomes if outcome.result is Result.MOVED)

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """The features that may not make the move."""
        return tuple(outcome for outcome in self.outcomes if outcome.result is Result.REFUSED)


def checked_reason(reason: str) -> str:
    """Return the reason without the spaces around it; raises ReasonRequired when it is none."""
    if not reason.strip():
        raise ReasonRequired("A reason is missing; the next reader of the ledger wants to know why.")
    if "\0" in reason or len(reason) > LONGEST_REASON:
        raise ReasonRequired(f"A reason is at most {LONGEST_REASON} characters of text.")
    return reason.strip()


def command(move: str, feature: str) -> str:
    """Return the command line for a move, ready to paste once the reason is filled in."""
    if move == "rollback":
        return f"manage.py rollback {feature} --reason …"
    argument = " PERCENT" if move in {"set", "holdout"} else ""
    return f"manage.py rollout {move}{argument} {feature} --reason …"


def _listed(names: Mapping[str, str]) -> str:
    return ", ".join(sorted(names))
