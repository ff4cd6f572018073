"""The certificate for COMPLETE: what shows that the v3 engine is not needed any more, condition by condition."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings

from rollout import traffic
from rollout.models import Alert, Flag, Judgement, StageChange
from rollout.moves import command
from rollout.sentences import duration
from rollout.stages import Position, Stage, chain, plain
from rollout.verdict import Reason


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that has to be so, whether it is, and a sentence that says how it stands or what to do."""

    name: str
    is_met: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """Every condition, met or not, in the order in which people meet them."""

    feature: str
    conditions: tuple[Condition, ...]

    @property
    def is_given(self) -> bool:
        """Whether every condition is met."""
        return all(condition.is_met for condition in self.conditions)

    @property
    def complaint(self) -> str:
        """What is not met, as sentences; empty when it is given."""
        return " ".join(condition.sentence for condition in self.conditions if not condition.is_met)


def certificate(flag: Flag, now: datetime, positions: Mapping[str, Position] | None = None) -> Certificate:
    """Return the certificate of a feature as it stands at `now`.

    `positions` are where other features will stand, for a move of several. The times are settings:
    ROLLOUT["CERTIFICATE"]["WITHOUT_HOLDOUT"] and ["QUIET"].
    """
    case = Case(flag, now, positions or {})
    return Certificate(flag.name, tuple(condition(case) for condition in CONDITIONS))


class Case:
    """What the conditions look at; reads each table once, and only when it is asked."""

    def __init__(self, flag: Flag, now: datetime, positions: Mapping[str, Position]) -> None:
        self.flag = flag
        self.now = now
        self._positions = positions

    @cached_property
    def is_full(self) -> bool:
        """Whether it stands at FULL."""
        return self.flag.position.stage is Stage.FULL

    @cached_property
    def judged(self) -> tuple[str, ...]:
        """The features whose operations count: its own or its dependants'; none for a toggle."""
        return traffic.judged_by(self.flag.name, {name: above for name, (above, _) in self._features.items()})

    @cached_property
    def unfinished(self) -> list[str]:
        """What it stands on that is not COMPLETE."""
        above = chain(self.flag.name, {name: other for name, (other, _) in self._features.items()})
        stages = {name: stage for name, (_, stage) in self._features.items()}
        stages |= {name: position.stage for name, position in self._positions.items()}
        return [name for name in above if stages[name] != Stage.COMPLETE]

    @cached_property
    def full_since(self) -> datetime | None:
        """When it came to FULL, as the ledger has it; None when it says nothing of that."""
        return StageChange.objects.full_since(self.flag.name)

    @cached_property
    def unheld_since(self) -> datetime | None:
        """When the holdout became 0, as the ledger has it."""
        return StageChange.objects.full_since(self.flag.name, without_holdout=True)

    @cached_property
    def _features(self) -> dict[str, tuple[str | None, str]]:
        rows = Flag.objects.values_list("name", "prerequisite__name", "stage")
        return {name: (above, stage) for name, above, stage in rows}


def _stage(case: Case) -> Condition:
    said = f"It is {case.flag.position}" + ("." if case.is_full else "; only FULL can be completed.")
    return Condition("stage", case.is_full, said)


def _holdout(case: Case) -> Condition:
    asked = _setting("WITHOUT_HOLDOUT")
    if not case.is_full:
        return Condition("holdout", False, "Nobody can be without a holdout before FULL.")
    if case.flag.holdout:
        held = plain(case.flag.holdout)
        return Condition(
            "holdout", False, f"{held} % are held out; next: manage.py rollout holdout 0 {case.flag.name} --reason …"
        )
    return _lasting("holdout", "Nobody has been held out", case.unheld_since, case.now, asked)


def _quiet(case: Case) -> Condition:
    """Whether v3 had to answer anybody who was assigned to v4."""
    asked = _setting("QUIET")
    if not case.judged:
        return Condition("quiet", True, "It switches no operation, so v3 answers nothing in its place.")
    stood = _lasting("quiet", "It has been FULL", case.full_since if case.is_full else None, case.now, asked)
    if not stood.is_met:
        return stood
    found = traffic.answered(case.flag.name, case.judged, case.now - asked, case.now)
    if not found.calls:
        return Condition("quiet", False, f"Nobody called it in {duration(asked)}; that shows nothing.")
    said = f"v3 answered {found.by_v3} of {found.calls} calls of v4 in {duration(asked)}"
    if found.excepted_minutes:
        said += f", {found.excepted_minutes} min of shared faults aside"
    return Condition("quiet", not found.by_v3, f"{said}.")


def _parity(_: Case) -> Condition:
    said = "Differences between the engines' answers are not recorded yet; counts as satisfied."
    return Condition("parity", True, said)


def _prerequisites(case: Case) -> Condition:
    if not case.unfinished:
        return Condition("prerequisites", True, "Whatever it stands on is COMPLETE.")
    first = case.unfinished[-1]
    said = f"It stands on {', '.join(case.unfinished)}, not COMPLETE yet; next: {command('complete', first)}"
    return Condition("prerequisites", False, said)


def _guard(case: Case) -> Condition:
    """Whether the guard would let it stand, and nothing hard is open."""
    name = case.flag.name
    if Alert.objects.is_open(Reason.HARD_FAULT, {name, *case.judged}):
        return Condition("guard", False, "An alert hard_fault is open: v4 failed several people in a row.")
    judgement = Judgement.objects.fresh([name], case.now).get(name)
    if judgement is not None:
        is_fine = judgement.verdict != "rollback"
        return Condition("guard", is_fine, f"The guard says {judgement.verdict}: {judgement.sentence}")
    if not case.judged:
        return Condition("guard", True, "It switches no operation, so the guard does not judge it.")
    return Condition("guard", False, "The guard has not judged it within 30 s; start it: manage.py rollout_guard")


CONDITIONS: tuple[Callable[[Case], Condition], ...] = (_stage, _holdout, _quiet, _parity, _prerequisites, _guard)
"""What a certificate consists of."""


def _lasting(name: str, what: str, since: datetime | None, now: datetime, asked: timedelta) -> Condition:
    """Return the condition that something has been so for at least `asked`."""
    if since is None:
        return Condition(name, False, "It is not at FULL, or the ledger does not say since when.")
    lasted = now - since
    said = f"{what} for {duration(lasted)}"
    return Condition(name, lasted >= asked, f"{said}." if lasted >= asked else f"{said}; {duration(asked)} are asked.")


def _setting(name: str) -> timedelta:
    asked: timedelta = settings.ROLLOUT["CERTIFICATE"][name]
    return asked
