"""What the guard judges: the features under way that switch operations, and those on which such features stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rollout import registry
from rollout.models import Flag
from rollout.stages import ZERO, PlanStep, Stage, step_at

WATCHED = frozenset({Stage.TESTING, Stage.PARTIAL, Stage.FULL})


@dataclass(frozen=True, slots=True)
class Part:
    """A feature by whose calls a subject is judged, in its present attempt: itself, or one that stands on it."""

    feature: str
    attempt: int
    began_at: datetime
    cohort: str
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A feature that the guard judges, and by whose calls."""

    flag: Flag
    parts: tuple[Part, ...]
    step: PlanStep
    """Its place in the plan; off the plan, the limits of the last step before, and by hand only."""
    number: int
    """Of that step in the plan, from 0."""

    @property
    def features(self) -> tuple[str, ...]:
        """The features by whose calls it is judged."""
        return tuple(part.feature for part in self.parts)

    @property
    def operations(self) -> tuple[str, ...]:
        """All their operations, in order."""
        return tuple(sorted(name for part in self.parts for name in part.operations))

    @property
    def is_judged_on_others(self) -> bool:
        """Whether the calls are those of features that stand on it."""
        return self.features != (self.flag.name,)

    @property
    def began_at(self) -> datetime:
        """When its attempt began."""
        return _began_at(self.flag)


def subjects(flags: Mapping[str, Flag]) -> list[Subject]:
    """Return the features under way that switch operations themselves, or on which such features stand, by name."""
    found = []
    for _, flag in sorted(flags.items()):
        parts = _parts(flag, flags)
        if parts and _is_watched(flag):
            found.append(Subject(flag, parts, *_step(flag)))
    return found


def toggles(flags: Mapping[str, Flag], subject: Subject) -> list[str]:
    """Return the features under way that switch nothing and stand beside the subject: they go back with it."""
    return sorted(
        name
        for name, flag in flags.items()
        if not (_operations(name) or _above(flag, flags))
        and flag.prerequisite_id is not None
        and flag.prerequisite_id == subject.flag.prerequisite_id
        and _is_watched(flag)
    )


def _parts(flag: Flag, flags: Mapping[str, Flag]) -> tuple[Part, ...]:
    """Return by whose calls a feature is judged: its own, else those of what stands on it and is under way."""
    if _operations(flag.name):
        return (_part(flag),)
    return tuple(_part(flags[name]) for name in sorted(_above(flag, flags)) if _is_watched(flags[name]))


def _part(flag: Flag) -> Part:
    return Part(flag.name, flag.attempt, _began_at(flag), flag.cohort, _operations(flag.name))


def _operations(feature: str) -> tuple[str, ...]:
    return tuple(sorted(name for name, its in registry.operations().items() if its == feature))


def _above(flag: Flag, flags: Mapping[str, Flag]) -> list[str]:
    """Return the features that stand on this one directly and switch operations."""
    return sorted(one.name for one in flags.values() if one.prerequisite_id == flag.pk and _operations(one.name))


def _began_at(flag: Flag) -> datetime:
    return flag.started_at or flag.entered_at


def _is_watched(flag: Flag) -> bool:
    return Stage(flag.stage) in WATCHED


def _step(flag: Flag) -> tuple[PlanStep, int]:
    """Return the place in the plan, and its number; where there is none, the limits of the last before it."""
    plan = sorted(flag.plan, key=lambda step: step.reach)
    exact = step_at(flag.position, plan)
    if exact is not None:
        return exact, plan.index(exact)
    here = (flag.position.stage.rank, flag.position.percentage)
    before = [step for step in plan if step.reach <= here] or plan[:1] or [PlanStep(Stage.PARTIAL, ZERO)]
    limits = before[-1]
    off = PlanStep(
        flag.position.stage,
        flag.position.percentage,
        limits.dwell,
        limits.min_requests,
        limits.max_error_percent,
        limits.p95_ms,
        automatic=False,
    )
    return off, max(len(before) - 1, 0)
