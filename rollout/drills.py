"""Faults injected on purpose, to see the fallback and time the rollback in a running system."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.conf import settings

from jewgo.core.errors import Forbidden, InvalidInput
from rollout.models import Drill, Flag
from rollout.stages import Stage
from rollout.targeting import checked_identity
from rollout.transitions import Change, Planner, Scene

LONGEST = timedelta(hours=1)
LONGEST_DELAY_MS = 30_000
LONGEST_OPERATION = 100


class DrillsOff(Forbidden):
    code, title = "drills_off", "Drills are not allowed in this installation"


class InvalidDrill(InvalidInput):
    code, title = "invalid_drill", "This drill cannot be made"


@dataclass(frozen=True, slots=True)
class Fault:
    """What shall go wrong in the candidate, how often, for how long, and for whom. Raises InvalidDrill."""

    kind: str
    rate: float = 1.0
    delay_ms: int = 0
    lasts: timedelta = timedelta(seconds=60)
    operation: str | None = None
    identities: tuple[str, ...] = ()
    match: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in Drill.Fault.values:
            raise InvalidDrill(f"There is no fault {self.kind!r}; there are {', '.join(Drill.Fault.values)}.")
        if not 0 < self.rate <= 1:
            raise InvalidDrill(f"A rate of {self.rate} is not above 0 and at most 1.")
        if not timedelta(0) < self.lasts <= LONGEST:
            raise InvalidDrill("A drill lasts at least a second and at most an hour.")
        if self.kind == Drill.Fault.SLOW and not 0 < self.delay_ms <= LONGEST_DELAY_MS:
            raise InvalidDrill(f"A slow drill delays by 1 to {LONGEST_DELAY_MS} ms.")
        if len(self.operation or "") > LONGEST_OPERATION:
            raise InvalidDrill(f"An operation's name has at most {LONGEST_OPERATION} characters.")
        object.__setattr__(self, "identities", tuple(sorted({checked_identity(who) for who in self.identities})))


def begin(fault: Fault) -> Planner:
    """Return the plan that injects `fault`; raises DrillsOff where the installation does not allow it."""
    if not settings.ROLLOUT["DRILLS"]:
        raise DrillsOff(
            "Drills are off in this installation.", hint="Set ROLLOUT_DRILLS=on in the environment to allow them."
        )

    def plan(flag: Flag, scene: Scene) -> Change | None:
        drill = _row(flag, fault, scene)
        is_idle = flag.stage == Stage.DISABLED
        notes = ("nobody meets it while the feature is DISABLED",) if is_idle else ()
        return Change(flag.position, details=_told(drill), notes=notes, apply=drill.save)

    return plan


def end(flag: Flag, scene: Scene) -> Change | None:
    """Plan the end of the feature's live drills."""
    live = flag.drills.filter(ended_at=None, expires_at__gt=scene.at)
    ids = list(live.values_list("pk", flat=True))
    if not ids:
        return None
    return Change(flag.position, details={"drills": ids}, apply=partial(_end, flag, ids, scene))


def _end(flag: Flag, ids: list[int], scene: Scene) -> None:
    flag.drills.filter(pk__in=ids).update(ended_at=scene.at)


def _row(flag: Flag, fault: Fault, scene: Scene) -> Drill:
    return Drill(
        flag=flag,
        fault=fault.kind,
        rate=fault.rate,
        delay_ms=fault.delay_ms,
        operation=fault.operation,
        identities=list(fault.identities),
        match=fault.match,
        started_at=scene.at,
        expires_at=scene.at + fault.lasts,
        actor=str(scene.order.actor),
        reason=scene.order.reason.strip(),
    )


def _told(drill: Drill) -> dict[str, object]:
    return {
        "fault": drill.fault,
        "rate": drill.rate,
        "delay_ms": drill.delay_ms,
        "operation": drill.operation,
        "identities": drill.identities,
        "match": drill.match,
        "expires_at": drill.expires_at,
    }
