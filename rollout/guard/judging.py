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
from rollout.stages import Stage
from rollout.verdict import Advance, Hold, Ready, Reason, Rollback, Verdict, judge

LEAST_EVIDENCE = 0.2
"""The share of calls that can be evidence below which no step is taken by itself."""
LAST_HOLDOUT = 1
"""The holdout in percent that FULL keeps after its first dwell."""

_WORDS = {Hold: "hold", Ready: "ready", Advance: "advance", Rollback: "rollback"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is the same for all features at one look."""

    now: datetime
    workers: Sequence[Worker]
    known: Marks
    is_first_look: bool = False
    probes_down: tuple[str, ...] = ()


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
    def narrows_holdout(self) -> bool:
        """Whether FULL has stood its first dwell, so that fewer people need to stay on v3 for comparison."""
        flag = self.desk.subject.flag
        return self.verdict.reason is Reason.PROVEN and flag.stage == Stage.FULL and flag.holdout > LAST_HOLDOUT


def opinion(desk: Desk, around: Surroundings) -> Opinion:
    """Judge one feature."""
    flag, share = desk.subject.flag, desk.measurement.share
    health = windows.health(desk.subject.features, flag.entered_at, around.now, around.known)
    window = _window(desk, health, around)
    is_comparable = health.evidence_share is None or health.evidence_share >= LEAST_EVIDENCE
    step = desk.subject.step
    limits = Limits(
        replace(step, automatic=step.automatic and is_comparable), has_control=0 < share < 1, is_paused=flag.paused
    )
    evidence = desk.attempt.weigh(desk.schedule, desk.limits, around.now)
    document = opinions.document(
        window, evidence, limits, evidence_share=health.evidence_share, people=_people(desk, around.now)
    )
    return Opinion(desk, judge(window, evidence, limits), evidence, document)


def _window(desk: Desk, health: windows.Health, around: Surroundings) -> Window:
    operations = set(desk.subject.operations)
    newest = max((worker.seen_at for worker in around.workers), default=None)
    return Window(
        control=health.arm("control"),
        candidate=health.arm("candidate"),
        age=None if newest is None else max(around.now - newest, timedelta(0)),
        is_first_look=around.is_first_look,
        probes_down=around.probes_down,
        workers=len(around.workers),
        open_breakers=sum(not operations.isdisjoint(worker.breakers) for worker in around.workers),
        in_step=around.now - desk.subject.flag.entered_at,
        lost_failures=health.lost_in_step,
    )


def live_workers(now: datetime) -> list[Worker]:
    """Return the workers that reported within their lease."""
    return list(Worker.objects.live(now, LEASE_S))


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
