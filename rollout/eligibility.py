"""Who is in: the values a decision is made of, and its order. Pure, and written to be read; snapshot makes it fast."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from rollout.forces import Forces
from rollout.slots import SPACE, threshold
from rollout.stages import HUNDRED, ZERO, Stage

NOBODY = "-"
"""The caller where there is none (a template without a request): in only where everybody is."""

NO_FEATURE = "no such feature"


class Arm(StrEnum):
    """Which engine the decision assigns: control is v3, candidate is v4."""

    CONTROL = "control"
    CANDIDATE = "candidate"


class Reason(StrEnum):
    """Why, in OpenFeature's words where it has one, in the order of decision; the switch adds the last three."""

    ERROR = "error"
    FORCED = "forced"
    PREREQUISITE = "prerequisite"
    DISABLED = "disabled"
    OVERRIDE = "override"
    STATIC = "static"
    TARGETING_MATCH = "targeting_match"
    HOLDOUT = "holdout"
    SPLIT = "split"
    DEFAULT = "default"
    FALLBACK = "fallback"
    BREAKER = "breaker"
    BULKHEAD = "bulkhead"


@dataclass(frozen=True, slots=True)
class DrillState:
    """A fault that is being injected into a feature's candidate until `expires_at`."""

    fault: str
    expires_at: datetime
    rate: float = 1.0
    delay_ms: int = 0
    operation: str | None = None
    identities: frozenset[str] = frozenset()
    match: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What a worker measures of a feature: durations in milliseconds from which a call counts as slow."""

    slow_ms: Mapping[str, float] = field(default_factory=dict)
    """By operation: v3's own p99, frozen when the step began."""
    p95_ms: float | None = None
    """What the step allows one person in twenty to exceed."""
    sample_bits: int = 0
    """The guard keeps one in 2 to this power of the people who are reported as seen, always the same ones."""


UNMEASURED = Measure()


@dataclass(frozen=True, slots=True)
class FlagState:
    """One feature as the tables had it at one version; percentages are 0 to 100."""

    id: int
    name: str
    cohort: str
    stage: Stage = Stage.DISABLED
    percentage: Decimal = ZERO
    holdout: Decimal = ZERO
    prerequisite: str | None = None
    testers: frozenset[str] = frozenset()
    overrides: Mapping[str, bool] = field(default_factory=dict)
    drills: tuple[DrillState, ...] = ()
    note: str = ""
    paused: bool = False
    attempt: int = 0
    version: int = 0
    modified_at: datetime | None = None
    measure: Measure = UNMEASURED

    @property
    def own_share(self) -> Decimal:
        """The percentage of all identities that the slots let in, prerequisites aside (testers come on top)."""
        match self.stage:
            case Stage.DISABLED | Stage.TESTING:
                return ZERO
            case Stage.PARTIAL:
                return self.percentage
            case Stage.FULL:
                return HUNDRED - self.holdout
            case Stage.COMPLETE:
                return HUNDRED


@dataclass(frozen=True, slots=True)
class Decision:
    """Which engine this caller gets, and why. `share` (0 to 1) is the chance that a random identity had to be in."""

    arm: Arm
    reason: Reason
    share: float
    version: int
    opens: bool = False
    """Whether the v4 contract is open to this caller: as the arm says, but to everybody from FULL on."""
    has_fallback: bool = True
    """False once the feature is COMPLETE: the v3 engine is never called, unless the environment forces to it."""
    compares: bool = False
    """Whether only the slot put this caller on the arm, with the chance `share`: no other call is evidence."""

    @property
    def is_candidate(self) -> bool:
        """Whether the v4 engine is to answer."""
        return self.arm is Arm.CANDIDATE


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who wants a decision: who, and where they stand in a cohort."""

    identity: str
    slot_in: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule said; `opens` is what the contract's gate makes of it."""

    is_in: bool
    reason: Reason
    opens: bool
    is_chosen: bool = True
    """Whether a person or the environment chose it for this caller or this feature; False where it is so by the slot,
    or for everybody alike."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at."""

    flag: FlagState
    forces: Forces
    caller: Caller
    slot: int
    prerequisite: Verdict | None

    def verdict(self, is_in: bool, reason: Reason, *, is_chosen: bool = True) -> Verdict:
        """Return the rule's word; from FULL on the contract is open, whatever keeps this caller on control."""
        return Verdict(is_in, reason, is_in or self.flag.stage in {Stage.FULL, Stage.COMPLETE}, is_chosen)


Rule = Callable[[Case], Verdict | None]


def _forced_off(case: Case) -> Verdict | None:
    return Verdict(False, Reason.FORCED, False) if case.forces.is_off(case.flag.name) else None


def _prerequisite(case: Case) -> Verdict | None:
    """Control where the prerequisite is; its holdout alone does not close the contract."""
    above = case.prerequisite
    if above is None or above.is_in:
        return None
    return Verdict(False, Reason.PREREQUISITE, above.opens and _first(case, _OWN_RULES).opens)


def _disabled(case: Case) -> Verdict | None:
    if case.flag.stage is not Stage.DISABLED or (case.forces.unsafe and case.flag.name in case.forces.shares):
        return None
    return case.verdict(False, Reason.DISABLED)


def _forced(case: Case) -> Verdict | None:
    share = case.forces.shares.get(case.flag.name)
    if share is None:
        return None
    is_in = case.slot < threshold(share)
    return Verdict(is_in, Reason.FORCED, is_in)


def _overridden(case: Case) -> Verdict | None:
    from_environment = case.forces.users.get(case.flag.name, {}).get(case.caller.identity)
    is_in = case.flag.overrides.get(case.caller.identity) if from_environment is None else from_environment
    return None if is_in is None else case.verdict(is_in, Reason.OVERRIDE)


def _complete(case: Case) -> Verdict | None:
    return case.verdict(True, Reason.STATIC, is_chosen=False) if case.flag.stage is Stage.COMPLETE else None


def _tester(case: Case) -> Verdict | None:
    return case.verdict(True, Reason.TARGETING_MATCH) if case.caller.identity in case.flag.testers else None


def _full(case: Case) -> Verdict | None:
    if case.flag.stage is not Stage.FULL:
        return None
    is_held_out = case.slot >= threshold(HUNDRED - case.flag.holdout)
    return case.verdict(not is_held_out, Reason.HOLDOUT if is_held_out else Reason.STATIC, is_chosen=False)


def _split(case: Case) -> Verdict | None:
    if case.flag.stage is not Stage.PARTIAL:
        return None
    return case.verdict(case.slot < threshold(case.flag.percentage), Reason.SPLIT, is_chosen=False)


def _default(case: Case) -> Verdict | None:
    return case.verdict(False, Reason.DEFAULT)


_OWN_RULES: tuple[Rule, ...] = (_disabled, _forced, _overridden, _complete, _tester, _full, _split, _default)
ORDER: tuple[Rule, ...] = (_forced_off, _prerequisite, *_OWN_RULES)
"""The order of decision: the first rule that says something decides."""


def _first(case: Case, rules: tuple[Rule, ...]) -> Verdict:
    return next(verdict for rule in rules if (verdict := rule(case)) is not None)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules over all flags of one version."""

    flags: Mapping[str, FlagState]
    forces: Forces
    version: int

    def decide(self, feature: str, caller: Caller) -> Decision:
        """Return the decision for a feature that exists; KeyError for one that does not."""
        verdict = self._verdict(feature, caller, ())
        arm = Arm.CANDIDATE if verdict.is_in else Arm.CONTROL
        is_forced = verdict.reason is Reason.FORCED and not verdict.is_in
        has_fallback = is_forced or self.flags[feature].stage is not Stage.COMPLETE
        return Decision(
            arm,
            verdict.reason,
            self.share(feature),
            self.version,
            verdict.opens,
            has_fallback,
            self._compares(feature, caller),
        )

    def chain(self, feature: str) -> list[FlagState]:
        """Return the feature and what it stands on, nearest first, as far as that exists."""
        found: list[FlagState] = []
        flag = self.flags.get(feature)
        while flag is not None and flag not in found:
            found.append(flag)
            flag = self.flags.get(flag.prerequisite or "")
        return found

    def share(self, feature: str) -> float:
        """Return the effective share: the least over the feature and its prerequisites of the same cohort."""
        flag, *above = self.chain(feature)
        return min(self._percentage(one) for one in (flag, *above) if one.cohort == flag.cohort) / 100

    def edges(self, feature: str) -> list[int]:
        """Return the slots at which the decision may change, 0 first."""
        percentages = [ZERO]
        for flag in self.chain(feature):
            percentages += [flag.percentage, HUNDRED - flag.holdout, self.forces.shares.get(flag.name, ZERO)]
        return sorted({threshold(percentage) for percentage in percentages} - {SPACE})

    def named(self, feature: str) -> set[str]:
        """Return the identities that some rule of the feature or its prerequisites knows by name."""
        names: set[str] = set()
        for flag in self.chain(feature):
            names |= flag.testers | flag.overrides.keys() | self.forces.users.get(flag.name, {}).keys()
        return names

    def _verdict(self, feature: str, caller: Caller, below: tuple[str, ...]) -> Verdict:
        flag = self.flags.get(feature)
        if flag is None or feature in below:  # the tables forbid both; a cycle lets nobody in
            return Verdict(False, Reason.ERROR, False)
        above = self._verdict(flag.prerequisite, caller, (*below, feature)) if flag.prerequisite else None
        return _first(self._case(flag, caller, above), ORDER)

    def _case(self, flag: FlagState, caller: Caller, above: Verdict | None = None) -> Case:
        return Case(flag, self.forces, caller, caller.slot_in(flag.cohort), above)

    def _compares(self, feature: str, caller: Caller) -> bool:
        """Say whether only the slot in the feature's own cohort put the caller on the arm, with the chance `share`.

        A prerequisite of another cohort lets in a random part of the people, within which the feature's own slots
        still decide; but whom it keeps out, no slot of ours has put there.
        """
        flag, *_ = chain = self.chain(feature)
        if flag.stage is Stage.COMPLETE or chain[-1].prerequisite is not None:  # one that leads nowhere lets nobody in
            return False
        verdicts = [(one.cohort, _first(self._case(one, caller), (_forced_off, *_OWN_RULES))) for one in chain]
        return all(not own.is_chosen and (own.is_in or cohort == flag.cohort) for cohort, own in verdicts)

    def _percentage(self, flag: FlagState) -> float:
        if self.forces.is_off(flag.name):
            return 0.0
        is_reached = flag.stage is not Stage.DISABLED or self.forces.unsafe
        forced = self.forces.shares.get(flag.name) if is_reached else None
        return float(flag.own_share if forced is None else forced)
