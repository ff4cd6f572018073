"""What the guard has to say against a wider step that somebody wants to make by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jewgo.core.errors import Conflict, JewgoError
from rollout.evidence import ENOUGH
from rollout.models import Flag, Judgement
from rollout.sentences import number
from rollout.stages import Position, widens
from rollout.stalled import guard_age, is_stalled
from rollout.transitions import Scene
from rollout.verdict import Reason

AGAINST = frozenset(
    {Reason.SAMPLE_RATIO, Reason.PARITY, Reason.SHARED_FAULT, Reason.HIGH_ERROR_RATE, Reason.SLOW_REQUEST}
)
"""Reasons to hold that speak against going on, not only for waiting."""

NOT_WATCHED = "no guard watches here: nothing is rolled back automatically"
UNRECORDED = "not recorded yet, counts as satisfied"


class CriterionUnmet(Conflict):
    """The guard sees something that speaks against more people on v4."""

    code, title = "criterion_unmet", "The guard speaks against widening"


class GuardStalled(Conflict):
    """The guard has stopped looking, so a wider v4 that fails would not be rolled back."""

    code, title = "guard_stalled", "The guard has stopped looking"


@dataclass(frozen=True, slots=True)
class Watch:
    """The guard at one time: how long ago it ticked (None: never), and its fresh judgements by feature."""

    age: timedelta | None
    judgements: Mapping[str, Judgement]

    @property
    def is_kept(self) -> bool:
        """Whether a guard looks at present."""
        return self.age is not None and not self.is_stalled

    @property
    def is_stalled(self) -> bool:
        """Whether a guard looked before and does not any more."""
        return is_stalled(self.age)


def watch(features: list[str], at: datetime) -> Watch:
    """Return what the guard is and thinks at this time. Two queries, however many features."""
    return Watch(guard_age(at), Judgement.objects.fresh(features, at))


class Criteria:
    """The criteria of one move, however many features it has: the guard is asked once, when first needed."""

    def __init__(self) -> None:
        self._watch: Watch | None = None

    def require(self, flag: Flag, scene: Scene, after: Position) -> tuple[str, ...]:
        """Refuse to widen by hand against the guard; return what the ledger has to say about it.

        The guard's own moves, and what narrows, are not asked. Raises CriterionUnmet, GuardStalled; forced, says so.
        """
        if not widens(flag.position, after) or scene.order.actor.kind == "guard":
            return ()
        seen = self._seen(scene)
        if seen.age is None:
            return (NOT_WATCHED,)
        refusal = _against(flag.name, seen)
        if refusal is not None and not scene.order.force:
            raise refusal
        return (f"forced although: {refusal.message}",) if refusal else ()

    def recorded(self, flag: Flag, scene: Scene) -> dict[str, str]:
        """Return how the criteria of a wider step stood, for the ledger."""
        return {"evidence": _evidence(flag.name, self._seen(scene)), "parity": UNRECORDED}

    def _seen(self, scene: Scene) -> Watch:
        if self._watch is None:
            self._watch = watch(list(scene.flags), scene.at)
        return self._watch


def _against(feature: str, seen: Watch) -> JewgoError | None:
    judgement = seen.judgements.get(feature)
    if seen.is_stalled and seen.age is not None:
        return GuardStalled(
            f"The guard has not looked for {seen.age.total_seconds():.0f} s: nothing would be rolled back by itself.",
            hint="Start it: manage.py rollout_guard",
        )
    if judgement is None or not (judgement.reason in AGAINST or judgement.verdict == "rollback"):
        return None
    return CriterionUnmet(
        f"The guard holds it ({judgement.reason}): {judgement.sentence}",
        hint=f"It is asked again every second: manage.py rollout status {feature}. If you know better: --force",
    )


def _evidence(feature: str, seen: Watch) -> str:
    judgement = seen.judgements.get(feature)
    if judgement is not None:
        return f"{judgement.reason}, E = {number(judgement.evidence)} of {ENOUGH:.0f}"
    if seen.age is None:
        return "no guard watches here, counts as satisfied"
    return "the guard has not judged this attempt within 30 s"
