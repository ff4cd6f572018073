"""One feature judged: what the counters, the workers and the evidence say, brought before the truth table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from rollout import opinions, windows
from rollout.eligibility import Arm
from rollout.guard.inbox import Desk
from rollout.models import Worker
from rollout.propagation import LEASE_S
from rollout.situation import Evidence, Limits, Window
from rollout.spans import Marks
from rollout.stages import Stage, next_step
from rollout.traffic import LEAST_EVIDENCE_SHARE
from rollout.verdict import Advance, Hold, Ready, Reason, Rollback, Verdict, judge

LAST_HOLDOUT = 1
"""The holdout in percent that FULL keeps after its first dwell."""

_WORDS = {Hold: "hold", Ready: "ready", Advance: "advance", Rollback: "rollback"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for all features at one look."""

    now: datetime
    workers: Sequence[Worker]
    """All that reported within the last minute; those whose lease has run out are no longer live."""
    known: Marks
    is_first_look: bool = False
    probes_down: tuple[str, ...] = ()

    @property
    def live(self) -> list[Worker]:
        """The workers that reported within their lease."""
        return [worker for worker in self.workers if worker.seen_at > self.now - timedelta(seconds=LEASE_S)]

    @property
    def release(self) -> str:
        """The release of the live worker that started last; empty where there is none."""
        newest = max(self.live, key=lambda worker: worker.started_at, default=None)
        return newest.release if newest else ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the guard thinks of one feature now."""

    desk: Desk
    verdict: Verdict
    evidence: Evidence
    document: Mapping[str, Any]

    @property
    def word(self) -> str:
        """Return hold, ready, advance or rollback."""
        return _WORDS[type(self.verdict)]

    @property
    def is_comparable(self) -> bool:
        """Whether enough of the calls can be evidence for a step to be taken by itself."""
        share = self.document["evidence_share"]
        return share is None or share >= LEAST_EVIDENCE_SHARE

    @property
    def narrows_holdout(self) -> bool:
        """Whether FULL has stood its first dwell, so that fewer people need to stay on v3 for comparison."""
        flag = self.desk.subject.flag
        is_first = flag.stage == Stage.FULL and flag.holdout > LAST_HOLDOUT
        return is_first and self.verdict.reason is Reason.PROVEN and self.is_comparable and not flag.paused


def judged(desks: Sequence[Desk], around: Surroundings) -> list[Opinion]:
    """Judge everything."""
    features = sorted({name for desk in desks for name in desk.subject.features})
    recent = windows.recent(features, around.now, around.known)
    return [opinion(desk, around, recent) for desk in desks]


def opinion(desk: Desk, around: Surroundings, recent: windows.Recent) -> Opinion:
    """Judge one feature."""
    health = windows.health(desk.subject.features, desk.subject.flag.entered_at, recent)
    window, limits = _window(desk, health, around), _limits(desk, health)
    evidence = desk.attempt.weigh(desk.schedule, desk.limits, around.now)
    document = opinions.document(
        window, evidence, limits, evidence_share=health.evidence_share, people=_people(desk, around.now)
    )
    return Opinion(desk, judge(window, evidence, limits), evidence, document)


def _limits(desk: Desk, health: windows.Health) -> Limits:
    """Return what the step allows; the guard takes none that is the plan's last, or with hardly any evidence."""
    flag, step = desk.subject.flag, desk.subject.step
    is_comparable = health.evidence_share is None or health.evidence_share >= LEAST_EVIDENCE_SHARE
    goes_on = is_comparable and next_step(flag.position, flag.plan) is not None
    has_control = 0 < desk.measurement.share < 1
    return Limits(replace(step, automatic=step.automatic and goes_on), has_control, is_paused=flag.paused)


def _window(desk: Desk, health: windows.Health, around: Surroundings) -> Window:
    operations = set(desk.subject.operations)
    newest = max((worker.seen_at for worker in around.workers), default=None)
    return Window(
        control=health.arm("control"),
        candidate=health.arm("candidate"),
        age=None if newest is None else max(around.now - newest, timedelta(0)),
        is_first_look=around.is_first_look,
        probes_down=around.probes_down,
        workers=len(around.live),
        open_breakers=sum(not operations.isdisjoint(worker.breakers) for worker in around.live),
        in_step=around.now - desk.subject.flag.entered_at,
        lost_failures=health.lost_in_step,
    )


def workers() -> list[Worker]:
    """Return the workers that the tables know: those of the last minute, and who went without a farewell."""
    return list(Worker.objects.all())


def _people(desk: Desk, now: datetime) -> dict[str, Any]:
    seen = desk.attempt.people
    hours = max((now - desk.subject.flag.entered_at) / timedelta(hours=1), 1 / 60)  # a minute at least
    return {
        "candidate": seen[Arm.CANDIDATE],
        "control": seen[Arm.CONTROL],
        "reached": desk.attempt.reached,
        "per_hour": {arm.value: round(seen[arm] / hours, 2) for arm in Arm},
        "sample_bits": desk.attempt.sample_bits,
    }
