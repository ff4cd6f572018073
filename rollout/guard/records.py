"""What a look leaves behind: the judgement of each feature, its history, and that the guard has looked."""

import os
import socket
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from rollout.guard.judging import Opinion
from rollout.models import Guard, Judgement, Look


def record(opinions: Sequence[Opinion], now: datetime) -> None:
    """Store what the guard thinks now, and keep the first look of each minute and every change of mind."""
    before = {
        one.flag_id: one for one in Judgement.objects.filter(flag__in=[one.desk.subject.flag for one in opinions])
    }
    looks = [_look(one, now) for one in opinions if _is_news(one, before.get(one.desk.subject.flag.pk), now)]
    Look.objects.bulk_create(looks)
    Judgement.objects.bulk_create(
        [_judgement(one, now) for one in opinions],
        update_conflicts=True,
        unique_fields=["flag"],
        update_fields=["at", "attempt", "flag_version", "verdict", "reason", "sentence", "evidence", "document"],
    )


def sign(leader: UUID, ticks: int, now: datetime) -> None:
    """Note who looked, and when."""
    row = {"leader": leader, "host": socket.gethostname(), "pid": os.getpid(), "ticks": ticks, "ticked_at": now}
    Guard.objects.bulk_create([Guard(id=1, **row)], update_conflicts=True, unique_fields=["id"], update_fields=[*row])


def _is_news(opinion: Opinion, before: Judgement | None, now: datetime) -> bool:
    if before is None or before.attempt != opinion.desk.subject.flag.attempt:
        return True
    is_same = (before.verdict, before.reason) == (opinion.word, opinion.verdict.reason.value)
    return not is_same or before.at.replace(second=0, microsecond=0) != now.replace(second=0, microsecond=0)


def _look(opinion: Opinion, now: datetime) -> Look:
    asked = [proof.mixture for proof in opinion.evidence.proofs if proof.is_asked]
    return Look(
        feature=opinion.desk.name,
        attempt=opinion.desk.subject.flag.attempt,
        at=now,
        verdict=opinion.word,
        reason=opinion.verdict.reason.value,
        evidence=opinion.evidence.regression.value,
        excess=max((one.value for one in opinion.evidence.excesses), default=0.0),
        proof=min(asked, default=None),
        share=opinion.desk.measurement.share,
    )


def _judgement(opinion: Opinion, now: datetime) -> Judgement:
    flag = opinion.desk.subject.flag
    return Judgement(
        flag=flag,
        at=now,
        attempt=flag.attempt,
        flag_version=flag.version,
        verdict=opinion.word,
        reason=opinion.verdict.reason.value,
        sentence=opinion.verdict.sentence,
        evidence=opinion.evidence.regression.value,
        document=dict(opinion.document),
    )
