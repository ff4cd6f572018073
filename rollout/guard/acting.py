"""What follows from a verdict: a rollback, a step, a smaller holdout. Each is a move like any other."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from jewgo.core.errors import JewgoError
from rollout.guard.judging import LAST_HOLDOUT, Opinion
from rollout.guard.measurements import toggles
from rollout.models import Flag
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
    if subject.features == (opinion.desk.name,):
        return [opinion.desk.name, *toggles(flags, subject)]
    above = [one for one in opinions if one.desk.name in subject.features]
    if any(isinstance(one.verdict, Rollback) for one in above):
        return []
    return [one.desk.name for one in above if one.evidence.regression.suspects] or [opinion.desk.name]


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
    if isinstance(opinion.verdict, Advance):
        return service.advance(name, **terms)
    if opinion.narrows_holdout:
        return service.set_holdout(LAST_HOLDOUT, name, **terms)
    return None
