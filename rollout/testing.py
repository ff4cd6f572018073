"""For tests: put a feature at a stage, in this process only, without a database."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal

from rollout.eligibility import DrillState, FlagState
from rollout.snapshot import holder
from rollout.stages import HUNDRED, ZERO, Stage


@contextmanager
def at_stage(
    feature: str,
    stage: Stage | str,
    *,
    percentage: Decimal | float | str = 10,
    holdout: Decimal | float | str = 0,
    cohort: str = "tests",
    prerequisite: str | None = None,
    testers: Iterable[str] = (),
    overrides: Mapping[str, bool] | None = None,
    drills: Iterable[DrillState] = (),
) -> Iterator[None]:
    """Put `feature` at `stage` inside the block or, as a decorator, the function; blocks nest.

    `percentage` counts at PARTIAL, `holdout` at FULL. Unless it is given one, the feature has no prerequisite there.
    """
    place = Stage(str(stage).lower())
    before = holder.stage(feature)
    state = FlagState(
        id=before.id if before else 0,
        name=feature,
        cohort=cohort,
        stage=place,
        percentage=_percentage(place, percentage),
        holdout=Decimal(str(holdout)) if place is Stage.FULL else ZERO,
        prerequisite=prerequisite,
        testers=frozenset(testers),
        overrides=dict(overrides or {}),
        drills=tuple(drills),
    )
    holder.set_stage(feature, state)
    try:
        yield
    finally:
        holder.set_stage(feature, before)


def _percentage(stage: Stage, percentage: Decimal | float | str) -> Decimal:
    if stage is Stage.PARTIAL:
        return Decimal(str(percentage))
    return HUNDRED if stage in {Stage.FULL, Stage.COMPLETE} else ZERO
