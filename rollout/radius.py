"""Before pressing: whom a move concerns, how far a failing v4 would get, and what may be learnt of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rollout import pulse
from rollout.criteria import NOT_WATCHED
from rollout.harm import ALWAYS, ONE_IN_FIVE, Exposure, Toll, toll
from rollout.movers import Movers, movers
from rollout.moves import Report
from rollout.snapshot import FlagState, Snapshot
from rollout.stages import Stage, dependants
from rollout.surroundings import Surroundings
from rollout.traffic import LEAST_EVIDENCE_SHARE


@dataclass(frozen=True, slots=True)
class Radius:
    """What a move of one feature comes to. Shares are 0 to 1."""

    feature: str
    movers: Movers
    share_before: float
    share_after: float
    """Of all identities on v4, the prerequisites' slots included; testers come on top."""
    people_per_hour: float
    """Who come to v4 afterwards: people the guard has seen, or where it has not, calls, which are at least as many."""
    failing_always: Toll | None
    failing_one_in_five: Toll | None
    no_toll: str
    """Why no number of people can be told; empty where one can."""
    evidence_share: float | None
    """Of the last hour's calls that may be evidence; None where there were none."""
    dependants: Mapping[str, Movers]
    """What goes along without being named, since it stands on the feature."""
    opinion: str | None
    """What the guard thinks now, at most 30 s old."""

    @property
    def is_by_hand(self) -> bool:
        """Whether too few of the calls may be evidence for the guard to go on by itself."""
        return self.evidence_share is not None and self.evidence_share < LEAST_EVIDENCE_SHARE

    @property
    def sentence(self) -> str:
        """What everybody should have read before pressing."""
        moved = self.movers
        said = (
            f"Of {moved.known} known people and keys {moved.into_v4} move to v4 and {moved.into_v3} to v3; {self.harm}."
        )
        return f"{said} {self.evidence}" if self.is_by_hand else said

    @property
    def harm(self) -> str:
        """How many people would meet a failing v4."""
        if self.failing_always is None or self.failing_one_in_five is None:
            return self.no_toll
        often, rarely = self.failing_always.people, self.failing_one_in_five.people
        return (
            f"should v4 fail always, about {often} people meet that before it is rolled back, "
            f"and about {rarely} should it fail one call in five"
        )

    @property
    def evidence(self) -> str:
        """How much of the traffic can be evidence."""
        if self.evidence_share is None:
            return "No call of the last hour tells what could be evidence."
        said = f"{_percent(self.evidence_share)} of the last hour's calls can be evidence"
        if self.is_by_hand:
            least = _percent(LEAST_EVIDENCE_SHARE)
            return f"Only {said}, less than {least}: the guard does not widen by itself, every step is by hand."
        return f"{said}."

    @property
    def details(self) -> list[str]:
        """The rest, one sentence each."""
        now, then = _percent(self.share_before), _percent(self.share_after)
        shares = f"v4 is for {now} of all callers now and for {then} afterwards."
        along = [
            f"{name} goes along: {moved.into_v4} to v4, {moved.into_v3} to v3."
            for name, moved in self.dependants.items()
        ]
        thought = f"The guard thinks: {self.opinion}" if self.opinion else "The guard has no fresh opinion of it."
        return [shares, self.evidence, *along, thought]


def measured(made: Report, at: datetime) -> Report:
    """Return the report of a dry run with the radius of everything that would move."""
    moved = [outcome.feature for outcome in made.moved]
    if not moved:
        return made
    before = pulse.view()
    radii = blast_radius(before, planned(before, made), moved, at)
    return replace(
        made, outcomes=tuple(replace(outcome, radius=radii.get(outcome.feature)) for outcome in made.outcomes)
    )


def planned(before: Snapshot, made: Report) -> Snapshot:
    """Return the view of the flags as it would be after what a report of a dry run announces."""
    return before.overlaid(
        [
            replace(
                outcome.foresee(before.flags[outcome.feature]),
                stage=outcome.after.stage,
                percentage=outcome.after.percentage,
                holdout=outcome.after.holdout,
            )
            for outcome in made.moved
        ]
    )


def blast_radius(before: Snapshot, after: Snapshot, features: Iterable[str], at: datetime) -> dict[str, Radius]:
    """Return the radius of each feature that moves between two views of the flags.

    Both views are of this process, so what its environment forces counts. For 100,000 people it takes about half a
    second of CPU for one feature and two and a half for all eight (docs/rollout.md); nothing is locked meanwhile.
    """
    named = list(features)
    around = Surroundings.read(named, at)
    return {name: _radius(name, before, after, around, named) for name in named}


def _radius(name: str, before: Snapshot, after: Snapshot, around: Surroundings, named: Sequence[str]) -> Radius:
    moved = movers(name, before, after, around.identities)
    exposure = around.exposure(name, after)
    no_toll = _no_toll(after.flags[name], moved, exposure, around)
    always, fifth = (None if no_toll else toll(exposure, failing) for failing in (ALWAYS, ONE_IN_FIVE))
    return Radius(
        feature=name,
        movers=moved,
        share_before=before.effective_share(name),
        share_after=exposure.share,
        people_per_hour=exposure.people_per_hour * exposure.share,
        failing_always=always,
        failing_one_in_five=fifth,
        no_toll=no_toll or _unnoticed(always, fifth),
        evidence_share=exposure.evidence_share,
        dependants=_going_along(name, before, after, around, named),
        opinion=around.opinion(name),
    )


def _no_toll(state: FlagState, moved: Movers, exposure: Exposure, around: Surroundings) -> str:
    """Return why no number can be told, or an empty text."""
    an_hour = f"about {exposure.people_per_hour * exposure.share:.0f} people an hour"
    if state.stage is Stage.DISABLED:
        return "nobody is on v4 afterwards"
    if not around.judged(state.name):
        return "it switches no operation: what it breaks is counted against the features that use it"
    if state.stage is Stage.COMPLETE:
        return f"v3 no longer steps in, and nothing is rolled back: a failing v4 is met by {an_hour}"
    if not exposure.share:
        return f"only testers can meet a failing v4, {moved.on_v4} of them known; v3 steps in"
    if not around.watch.is_kept:
        asleep = "the guard has not looked for 30 s, start it" if around.watch.is_stalled else NOT_WATCHED
        return f"{asleep}; until somebody does it, a failing v4 is met by {an_hour}"
    return ""


def _unnoticed(always: Toll | None, fifth: Toll | None) -> str:
    """Return who would find out where the detectors do not, or an empty text where they do."""
    if always and fifth:
        return ""
    if always:
        return (
            f"the {always.detector} end a v4 that always fails, but nobody except a person notices one that often does"
        )
    return "nobody except a person would notice that v4 fails"


def _going_along(
    name: str, before: Snapshot, after: Snapshot, around: Surroundings, named: Sequence[str]
) -> dict[str, Movers]:
    """Return the features that stand on this one, are not named themselves, and change with it."""
    others = [other for other in dependants(name, around.prerequisites) if other not in named]
    found = {other: movers(other, before, after, around.identities) for other in others}
    return {
        other: moved
        for other, moved in found.items()
        if moved.is_anybody or before.effective_share(other) != after.effective_share(other)
    }


def _percent(share: float) -> str:
    return f"{share * 100:.4g} %"
