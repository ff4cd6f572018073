"""Why one identity is served by one engine, in words: the snapshot's own decision, read from the tables now."""

from collections.abc import Mapping
from typing import Any

from rollout import pulse
from rollout.models import Flag
from rollout.slots import SPACE
from rollout.snapshot import Reason, Snapshot
from rollout.stages import Position, plain
from rollout.targeting import checked_identity

_WHY: Mapping[Reason, str] = {
    Reason.FORCED: "the environment of this process forces it",
    Reason.PREREQUISITE: "it is not in {prerequisite}, which this stands on",
    Reason.DISABLED: "the feature is DISABLED",
    Reason.OVERRIDE: "this identity has an override",
    Reason.TARGETING_MATCH: "it is a tester",
    Reason.HOLDOUT: "its slot lies in the {holdout} % that FULL holds out",
    Reason.DEFAULT: "the feature is in TESTING, and it is no tester",
}


def explain(feature: str, identity: str) -> dict[str, Any]:
    """Return the decision for `identity` and why. Raises UnknownFeature, InvalidIdentity.

    Workers decide alike unless their own environment forces something (`status` lists that).
    """
    who = checked_identity(identity)
    flag = Flag.objects.named(feature)
    seen = pulse.view()
    decision = seen.decide(feature, who)
    return {
        "feature": feature,
        "identity": who,
        "arm": decision.arm.value,
        "served_by": "v4" if decision.is_candidate else "v3",
        "reason": decision.reason.value,
        "why": _why(decision.reason, decision.is_candidate, seen, feature),
        "position": str(flag.position),
        "slot_percent": round(_slot_percent(seen, flag.cohort, who), 4),
        "share_percent": round(decision.share * 100, 4),
        "version": decision.version,
    }


def _why(reason: Reason, is_in: bool, seen: Snapshot, feature: str) -> str:
    state = seen.flags[feature]
    position = Position(state.stage, state.percentage, state.holdout)
    if reason is Reason.STATIC:
        return f"the feature is {position}"
    if reason is Reason.SPLIT:
        return f"its slot lies {'inside' if is_in else 'outside'} the {plain(state.percentage)} %"
    said = _WHY.get(reason, reason.value)
    return said.format(prerequisite=state.prerequisite, holdout=plain(state.holdout))


def _slot_percent(seen: Snapshot, cohort: str, identity: str) -> float:
    return seen.slot(cohort, identity) / SPACE * 100
