"""What the feature's page shows besides its form, worked out once per request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.urls import reverse

from rollout.admin.offers import BUTTONS, OFFERS, Offer
from rollout.admin.words import Rung, ladder, who_gets_v4
from rollout.models import Drill, Flag, Override, StageChange
from rollout.propagation import Propagation, propagation
from rollout.stages import Position, Stage, blocking_prerequisites, chain, plain, step_at
from rollout.status import effective_percentage

RECENT = 10
MAIN = frozenset({"rollback", "start", "advance", "complete", "reopen"})


@dataclass(frozen=True, slots=True)
class Button:
    """A move that is legal here."""

    name: str
    label: str
    url: str
    is_main: bool


@dataclass(frozen=True, slots=True)
class ClosedMove:
    """A move that is not, and why."""

    label: str
    why: str


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the plan as people read it."""

    place: str
    dwell: str
    min_requests: int
    max_error_percent: str
    p95_ms: int
    automatic: bool
    is_here: bool


class FlagPage:
    """One feature among the others. Reads each table once, however often it is asked."""

    def __init__(self, flag: Flag, *, may_move: bool, at: datetime) -> None:
        self.flag = flag
        self.may_move = may_move
        self.at = at

    @property
    def ladder(self) -> list[Rung]:
        """The stages, with where it stands."""
        return ladder(Stage(self.flag.stage))

    @property
    def sentence(self) -> str:
        """Which engine answers whom."""
        return who_gets_v4(self.flag.position)

    @cached_property
    def warnings(self) -> list[str]:
        """What makes the truth differ from what the stage says."""
        return [*self._prerequisite(), *self._paused(), *self._forces(), *self._drills()]

    @property
    def workers(self) -> str:
        """How far the newest version has got."""
        said = str(self._propagation)
        return f"{said[:1].upper()}{said[1:]}."

    @cached_property
    def moves(self) -> list[Button]:
        """The moves that are legal here, rollback first and always."""
        return [self._button(offer) for offer in self._offers if not offer.why_not(self.flag)] if self.may_move else []

    @cached_property
    def closed_moves(self) -> list[ClosedMove]:
        """The others, each with its reason."""
        reasons = [(offer.label, offer.why_not(self.flag)) for offer in self._offers] if self.may_move else []
        return [ClosedMove(label, why) for label, why in reasons if why]

    @cached_property
    def history(self) -> list[StageChange]:
        """The newest lines of its ledger."""
        return list(StageChange.objects.with_flights([self.flag.name])[:RECENT])

    @cached_property
    def overrides(self) -> list[Override]:
        """Its overrides."""
        return list(self.flag.overrides.order_by("identity", "id"))

    @cached_property
    def drills(self) -> list[Drill]:
        """The drills that inject a fault now."""
        return list(Drill.objects.live(self.at).filter(flag=self.flag))

    @property
    def plan(self) -> list[StepLine]:
        """Its plan, with where it stands."""
        here = step_at(self.flag.position, self.flag.plan)
        return [
            StepLine(
                place=step.stage.name if step.stage is Stage.FULL else f"{plain(step.percentage)} %",
                dwell=duration(step.dwell),
                min_requests=step.min_requests,
                max_error_percent=plain(step.max_error_percent),
                p95_ms=step.p95_ms,
                automatic=step.automatic,
                is_here=step == here,
            )
            for step in self.flag.plan
        ]

    @property
    def _offers(self) -> list[Offer]:
        return [OFFERS[name] for name in BUTTONS]

    def _button(self, offer: Offer) -> Button:
        url = reverse("admin:rollout_flag_move", args=[self.flag.pk, offer.name])
        return Button(offer.name, offer.label_for(self.flag), url, offer.name in MAIN)

    @cached_property
    def _flags(self) -> Mapping[str, Flag]:
        return {flag.name: flag for flag in Flag.objects.select_related("prerequisite")}

    @cached_property
    def _propagation(self) -> Propagation:
        return propagation()

    def _prerequisite(self) -> Iterator[str]:
        name, prerequisites = self.flag.name, prerequisites_of(self._flags)
        disabled = frozenset(other for other, flag in self._flags.items() if flag.stage == Stage.DISABLED)
        for other in blocking_prerequisites(name, prerequisites, disabled):
            yield f"It stands on {other}, which is DISABLED: nobody gets v4, and it cannot be widened."
        own, served = self.flag.position.share, effective_percentage(name, self._flags)
        if served < own and not disabled.intersection(chain(name, prerequisites)):
            yield f"Really served are {plain(served)} %: {', '.join(_reaches(self._flags, name))}."

    def _paused(self) -> Iterator[str]:
        if self.flag.paused:
            yield "Paused: automatic widening is held, automatic rollback stays armed."

    def _forces(self) -> Iterator[str]:
        """Forces that concern this feature; a force that names another one is that one's."""
        mine = {f"ROLLOUT_{kind}_{self.flag.name.upper()}" for kind in ("FORCE", "USER")}
        for worker, forces in self._propagation.forces.items():
            said = [f"{name}={value}" for name, value in forces.items() if name in mine | {"ROLLOUT_FORCE_ALL"}]
            if said:
                yield f"Worker {worker} does not follow the stage: its environment sets {', '.join(said)}."

    def _drills(self) -> Iterator[str]:
        if self.drills:
            yield f"{'A drill makes' if len(self.drills) == 1 else 'Drills make'} v4 fail on purpose; see below."


def prerequisites_of(flags: Mapping[str, Flag]) -> dict[str, str | None]:
    """Return every feature's name with that of its prerequisite."""
    return {name: flag.prerequisite.name if flag.prerequisite else None for name, flag in flags.items()}


def duration(span: timedelta) -> str:
    """Return a time span in its largest whole unit: 24 h, 90 min, 45 s."""
    seconds = int(span.total_seconds())
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _reaches(flags: Mapping[str, Flag], name: str) -> Iterator[str]:
    for other in chain(name, prerequisites_of(flags)):
        position: Position = flags[other].position
        if position.share < flags[name].position.share:
            yield f"it stands on {other}, which is {position}"
