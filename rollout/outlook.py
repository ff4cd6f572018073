"""The features at one moment, read once: as a report shows them, and as its recommendations look at them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.urls import get_resolver

from rollout import registry, trends
from rollout.evidence import ENOUGH
from rollout.models import Alert, Flag, Guard, Judgement, StageChange, Worker
from rollout.propagation import Propagation
from rollout.seen import AlertSeen, ArmSeen, FeatureSeen, FlightSeen, OperationSeen, PlatformSeen
from rollout.stages import Stage, dependants, step_at
from rollout.status import effective_percentage
from rollout.trends import NOTHING, Calls, Operation

_STOOD_SINCE = """
SELECT feature, min(at) FROM (
    SELECT look.feature, look.at, max(look.at) FILTER (WHERE look.verdict <> judgement.verdict)
           OVER (PARTITION BY look.feature) AS last_other
    FROM rollout_judgement judgement JOIN rollout_flag flag ON flag.id = judgement.flag_id
    JOIN rollout_look look ON look.feature = flag.name AND look.attempt = judgement.attempt) looks
WHERE last_other IS NULL OR at > last_other GROUP BY feature
"""


@dataclass(frozen=True, slots=True)
class Outlook:
    """All features at one moment."""

    moment: datetime
    flags: Mapping[str, Flag]
    guard: Guard | None
    last_calls: Mapping[str, datetime]
    stood_since: Mapping[str, datetime]
    newest: Mapping[str, StageChange]
    breakers: Mapping[str, int]

    @classmethod
    def at(cls, moment: datetime) -> "Outlook":
        """Read it."""
        rows = Flag.objects.select_related("prerequisite", "judgement").prefetch_related("steps").order_by("name")
        newest = StageChange.objects.order_by("feature", "-id").distinct("feature").select_related("flight_record")
        get_resolver().check()  # importing the views registers their switches
        return cls(
            moment=moment,
            flags={flag.name: flag for flag in rows},
            guard=Guard.objects.first(),
            last_calls=trends.last_calls(),
            stood_since=_stood_since(),
            newest={line.feature: line for line in newest.defer("flight_record__document")},
            breakers=_open_breakers(moment),
        )

    @property
    def prerequisites(self) -> dict[str, str | None]:
        """Return every feature's name with that of its prerequisite."""
        return {name: flag.prerequisite.name if flag.prerequisite else None for name, flag in self.flags.items()}

    @property
    def migration_percentage(self) -> float:
        """The share of people for whom all of v4 is on."""
        return float(min((effective_percentage(name, self.flags) for name in self.flags), default=0))

    def document(self, name: str) -> dict[str, Any]:
        """Return where the feature stands, and what the guard thinks of it; `verdict` is null where it never judged."""
        flag = self.flags[name]
        return {
            "stage": flag.stage,
            "position": str(flag.position),
            "percentage": float(flag.percentage),
            "effective_percentage": float(effective_percentage(name, self.flags)),
            "holdout": float(flag.holdout),
            "paused": flag.paused,
            "attempt": flag.attempt,
            "entered_at": flag.entered_at.isoformat(),
            "here_for_s": self._here_for(flag).total_seconds(),
            "verdict": self._verdict(name),
        }

    def feature(self, name: str, operations: Iterable[Operation], period: timedelta) -> FeatureSeen:
        """Return what the rules look at; `operations` are the calls of all in the period."""
        flag, verdict = self.flags[name], self._verdict(name)
        step = step_at(flag.position, flag.plan)
        return FeatureSeen(
            name=name,
            position=flag.position,
            here_for=self._here_for(flag),
            period=period,
            share=float(effective_percentage(name, self.flags)),
            is_paused=flag.paused,
            is_measured=bool(self._operations_of(name)),
            dwell=step.dwell if step else None,
            verdict=verdict["verdict"] if verdict else "",
            verdict_for=timedelta(seconds=verdict["stood_for_s"] if verdict else 0),
            evidence_share=verdict["evidence_share"] if verdict else None,
            last_call_ago=self._silence(name),
            operations=tuple(_seen(one) for one in operations if one.feature == name),
            flight=self._flight(name),
        )

    def platform(self, workers: Propagation, alerts: Iterable[Alert]) -> PlatformSeen:
        """Return what the rules look at of the whole service."""
        unseen = [one for one in alerts if not (one.resolved_at or one.acknowledged_at)]
        under_way = {Stage.TESTING, Stage.PARTIAL, Stage.FULL}
        return PlatformSeen(
            is_migrating=any(flag.position.stage in under_way for flag in self.flags.values()),
            workers=len(workers.workers),
            guard_age=max(self.moment - self.guard.ticked_at, timedelta(0)) if self.guard else None,
            unconfirmed=tuple(worker.name for worker in workers.unconfirmed),
            forces=workers.forces,
            breakers=self.breakers,
            alerts=tuple(AlertSeen(one.name, one.feature, self.moment - one.opened_at) for one in unseen),
            retired=retired({name: Stage(flag.stage) for name, flag in self.flags.items()}),
        )

    def _verdict(self, name: str) -> dict[str, Any] | None:
        flag = self.flags[name]
        judged: Judgement | None = getattr(flag, "judgement", None)
        if judged is None or judged.attempt != flag.attempt or flag.stage in {Stage.DISABLED, Stage.COMPLETE}:
            return None
        stood_for = self.moment - self.stood_since.get(name, judged.at)
        return {
            "verdict": judged.verdict,
            "reason": judged.reason,
            "sentence": judged.sentence,
            "at": judged.at.isoformat(),
            "age_s": max(0.0, (self.moment - judged.at).total_seconds()),
            "stood_for_s": max(0.0, stood_for.total_seconds()),
            "evidence": judged.evidence,
            "enough": ENOUGH,
            "proofs": judged.document.get("proofs", []),
            "evidence_share": judged.document.get("evidence_share"),
        }

    def _here_for(self, flag: Flag) -> timedelta:
        return max(self.moment - flag.entered_at, timedelta(0))

    def _concerned(self, name: str) -> list[str]:
        return [name, *dependants(name, self.prerequisites)]

    def _operations_of(self, name: str) -> list[str]:
        concerned = self._concerned(name)
        return [operation for operation, feature in registry.operations().items() if feature in concerned]

    def _silence(self, name: str) -> timedelta | None:
        called = [self.last_calls[other] for other in self._concerned(name) if other in self.last_calls]
        return max(self.moment - max(called), timedelta(0)) if called else None

    def _flight(self, name: str) -> FlightSeen | None:
        line = self.newest.get(name)
        record = getattr(line, "flight_record", None)
        if line is None or record is None:
            return None
        return FlightSeen(record.pk, max(self.moment - line.at, timedelta(0)), line.actor, line.reason)


def retired(stages: Mapping[str, Stage]) -> tuple[str, ...]:
    """Return the files of the v3 engine that nobody calls: each of their operations' features is COMPLETE."""
    users: dict[str, set[str]] = {}
    for operation, feature in registry.operations().items():
        engine = registry.control_of(operation)
        if engine is not None and feature in stages:
            users.setdefault(engine.__module__, set()).add(feature)
    over = [module for module, names in users.items() if all(stages[name] is Stage.COMPLETE for name in names)]
    return tuple(str(Path(*module.split(".")).with_suffix(".py")) for module in sorted(over))


def _seen(one: Operation) -> OperationSeen:
    return OperationSeen(one.operation, *(_arm(one.arms.get(arm, NOTHING)) for arm in ("control", "candidate")))


def _arm(calls: Calls) -> ArmSeen:
    return ArmSeen(calls.calls, calls.failures, calls.quantile_ms(0.95))


def _stood_since() -> dict[str, datetime]:
    """Return since when the guard has thought of each feature what it thinks now."""
    with connection.cursor() as cursor:
        cursor.execute(_STOOD_SINCE)
        return dict(cursor.fetchall())


def _open_breakers(at: datetime) -> Counter[str]:
    rows = Worker.objects.filter(seen_at__gt=at - timedelta(seconds=60)).values_list("breakers", flat=True)
    return Counter(operation for breakers in rows for operation in breakers)
