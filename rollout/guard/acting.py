"""What follows from a verdict: a rollback, a step, a smaller holdout. Each is a move like any other."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jewgo.core.errors import JewgoError
from rollout.alert_kinds import Kind, Raised
from rollout.guard.judging import LAST_HOLDOUT, Opinion
from rollout.guard.subjects import toggles
from rollout.models import Flag, StageChange
from rollout.moves import Actor, Report
from rollout.services import RolloutService
from rollout.verdict import Advance, Rollback

logger = logging.getLogger(__name__)

ACTOR = Actor("guard")


def act(opinions: Sequence[Opinion], flags: Mapping[str, Flag], service: RolloutService) -> list[Report]:
    """Carry out what the verdicts ask for, rollbacks first; what cannot be done now is judged anew at the next look."""
    made = []
    for opinion in sorted(opinions, key=lambda one: not isinstance(one.verdict, Rollback)):
        names = targets(opinion, opinions, flags)
        report = _attempted(opinion, names, service) if names else None
        if report is not None and report.moved:
            made.append(report)
    return made


def targets(opinion: Opinion, opinions: Sequence[Opinion], flags: Mapping[str, Flag]) -> list[str]:
    """Return which features the verdict moves.

    A domain takes back the toggles beside it, which may be what fails. A feature that is judged on others stands back
    for these: when one of them goes back by itself nothing else does, and when some are suspects it is those.
    """
    subject = opinion.desk.subject
    if not isinstance(opinion.verdict, Rollback):
        return [opinion.desk.name]
    if not subject.is_judged_on_others:
        return [opinion.desk.name, *toggles(flags, subject)]
    above = [one for one in opinions if one.desk.name in subject.features]
    if any(isinstance(one.verdict, Rollback) for one in above):
        return []
    suspects = [one.desk.subject for one in above if one.evidence.regression.suspects]
    found = {name for one in suspects for name in (one.flag.name, *toggles(flags, one))}
    return sorted(found) or [opinion.desk.name]


def alarms(opinions: Sequence[Opinion], made: Sequence[Report]) -> Iterator[Raised]:
    """Yield what people are to be told: what a verdict to hold names, and every rollback that was made, no other."""
    moved = {outcome.feature for report in made for outcome in report.moved}
    for one in opinions:
        kinds = [Kind(alert) for alert in one.verdict.alerts]
        if isinstance(one.verdict, Rollback):
            kinds = [Kind(one.verdict.reason)] * (one.desk.name in moved)
        yield from (Raised(kind, one.verdict.sentence, one.desk.name) for kind in kinds)


def _attempted(opinion: Opinion, names: list[str], service: RolloutService) -> Report | None:
    try:
        return _move(opinion, names, service)
    except JewgoError as refusal:  # busy, moved by somebody else in between, a prerequisite: another look decides
        logger.warning("The guard could not move %s: %s", opinion.desk.name, refusal.message)
        return None


def _move(opinion: Opinion, names: list[str], service: RolloutService) -> Report | None:
    name = opinion.desk.name
    terms: dict[str, Any] = {
        "actor": ACTOR,
        "reason": opinion.verdict.sentence,
        "evidence": {"verdict": opinion.word, "reason": opinion.verdict.reason.value, **opinion.document},
        "expect_version": {name: opinion.desk.subject.flag.version},
    }
    if isinstance(opinion.verdict, Rollback):
        return service.rollback(names, **terms)
    if opinion.narrows_holdout and not _is_held_by_hand(opinion.desk.subject.flag):
        return service.set_holdout(LAST_HOLDOUT, name, **terms)
    if isinstance(opinion.verdict, Advance):
        return service.advance(name, **terms)
    return None


def _is_held_by_hand(flag: Flag) -> bool:
    """Say whether somebody has set the holdout since FULL began: then it is theirs."""
    since = StageChange.objects.filter(feature=flag.name, move="holdout", at__gte=flag.entered_at)
    return since.exclude(actor=str(ACTOR)).exists()
