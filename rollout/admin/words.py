"""What the admin's pages say about a stage or a move: one sentence each, and a mark that needs no colour. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from rollout.stages import Position, Stage, plain

MARKS: Mapping[Stage, str] = {
    Stage.DISABLED: "○",
    Stage.TESTING: "◔",
    Stage.PARTIAL: "◑",
    Stage.FULL: "●",
    Stage.COMPLETE: "✔",
}

WHO: Mapping[Stage, str] = {
    Stage.DISABLED: "nobody",
    Stage.TESTING: "testers",
    Stage.PARTIAL: "a share of callers",
    Stage.FULL: "everyone, less a holdout",
    Stage.COMPLETE: "everyone, v3 retired",
}


@dataclass(frozen=True, slots=True)
class Rung:
    """One stage of the ladder, as seen from where a feature stands."""

    stage: Stage
    mark: str
    who: str
    is_past: bool
    is_here: bool


def ladder(here: Stage) -> list[Rung]:
    """Return the five stages in order, with the one where the feature stands marked."""
    return [Rung(stage, MARKS[stage], WHO[stage], stage.rank < here.rank, stage is here) for stage in Stage]


def who_gets_v4(position: Position) -> str:
    """Say in one sentence which engine answers whom."""
    match position.stage:
        case Stage.DISABLED:
            return "Nobody gets v4. v3 answers everyone."
        case Stage.TESTING:
            return "Testers get v4. v3 answers everyone else."
        case Stage.PARTIAL:
            share = plain(position.percentage)
            return f"Testers and {share} % of callers get v4. v3 answers the rest, and steps in when v4 fails."
        case Stage.FULL if position.holdout:
            held = plain(position.holdout)
            return f"Everyone gets v4, less {held} % who stay on v3 for comparison. v3 steps in when v4 fails."
        case Stage.FULL:
            return "Everyone gets v4. v3 steps in when v4 fails."
        case Stage.COMPLETE:
            return "Everyone gets v4. The v3 engine is never called."
