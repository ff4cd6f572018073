"""What this worker believes: an immutable compiled view of all flags, and the place it is held in."""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from time import monotonic
from typing import TypeVar

from django.conf import settings

from rollout.eligibility import (
    NOBODY,
    Arm,
    Caller,
    Decision,
    DrillState,
    FlagState,
    Reason,
    Rules,
)
from rollout.forces import Forces
from rollout.identity import Identity
from rollout.slots import SPACE, Cohort
from rollout.stages import HUNDRED, ZERO, Stage

__all__ = ["NOBODY", "Arm", "Decision", "DrillState", "FlagState", "Holder", "Reason", "Snapshot", "holder"]

logger = logging.getLogger(__name__)
T = TypeVar("T")

STALE_AFTER_S = 3.0
"""A view not confirmed for this long is refreshed by the request that finds it; less than the lease of 5 s."""


class Compiled:
    """One feature's rules, worked out beforehand: who is known by name, and what holds from which slot on."""

    __slots__ = ("_cohorts", "_rules", "bands", "cohort", "named", "state")

    def __init__(self, rules: Rules, state: FlagState, cohorts: Mapping[str, Cohort]) -> None:
        self.state = state
        self.cohort = cohorts[state.cohort]
        self._rules = rules
        self._cohorts = cohorts
        self.named = {who: self.by_rules(who) for who in rules.named(state.name)}
        self.named[NOBODY] = rules.decide(state.name, Caller(NOBODY, lambda _: SPACE - 1))
        self.bands = self._bands()

    def by_rules(self, identity: str) -> Decision:
        """Return the decision as the rules make it, one after the other."""
        return self._rules.decide(
            self.state.name, Caller(identity, lambda cohort: self._cohorts[cohort].slot(identity))
        )

    def _bands(self) -> tuple[tuple[int, Decision], ...]:
        """Return (first slot beyond, decision) for everybody without a name, in the order of the slots.

        Nothing where prerequisites lie in other cohorts: then one slot does not tell.
        """
        if len({flag.cohort for flag in self._rules.chain(self.state.name)}) > 1:
            return ()
        edges = self._rules.edges(self.state.name)
        found: list[tuple[int, Decision]] = []
        for start, beyond in zip(edges, [*edges[1:], SPACE], strict=True):
            decision = self._rules.decide(self.state.name, Caller("", partial(_at, start)))
            if found and found[-1][1] == decision:
                found.pop()
            found.append((beyond, decision))
        return tuple(found)


class Snapshot:
    """All flags at one version. Immutable; a decision is a look-up, a keyed hash and a compare, without any I/O."""

    __slots__ = ("_cohorts", "_compiled", "_nothing", "_rules", "_secret", "flags", "forces", "version")

    def __init__(self, flags: Iterable[FlagState], *, version: int, secret: str, forces: Forces | None = None) -> None:
        self.version = version
        self.forces = forces or Forces()
        self.flags: Mapping[str, FlagState] = {flag.name: flag for flag in flags}
        self._secret = secret
        self._cohorts = {flag.cohort: Cohort(secret, flag.cohort) for flag in self.flags.values()}
        self._rules = Rules(self.flags, self.forces, version)
        self._compiled = {flag.name: Compiled(self._rules, flag, self._cohorts) for flag in self.flags.values()}
        self._nothing = Decision(Arm.CONTROL, Reason.ERROR, 0.0, version)

    def decide(self, feature: str, identity: Identity | str) -> Decision:
        """Return which engine `identity` gets for `feature`; an unknown feature is control, logged once per process."""
        known = self._compiled.get(feature)
        if known is None:
            _warn_once(feature)
            return self._nothing
        key = identity if type(identity) is str else identity.key  # type: ignore[union-attr]
        decision = known.named.get(key)
        if decision is not None:
            return decision
        slot = known.cohort.slot(key)
        for beyond, decision in known.bands:
            if slot < beyond:
                return decision
        return known.by_rules(key)

    def drills(self, feature: str) -> tuple[DrillState, ...]:
        """Return the faults that are being injected into a feature's candidate, expired ones included."""
        known = self._compiled.get(feature)
        return known.state.drills if known is not None else ()

    def slot(self, cohort: str, identity: Identity | str) -> int:
        """Return the place of `identity` in any cohort, also one without a flag."""
        known = self._cohorts.get(cohort) or Cohort(self._secret, cohort)
        return known.slot(str(identity))

    def effective_share(self, feature: str) -> float:
        """Return the share (0 to 1) of identities that the feature's and its prerequisites' slots let in."""
        return self._rules.share(feature)

    def overlaid(self, flags: Collection[FlagState]) -> "Snapshot":
        """Return this view with some flags put in the place of their namesakes."""
        if not flags:
            return self
        merged = {**self.flags, **{flag.name: flag for flag in flags}}
        return Snapshot(merged.values(), version=self.version, secret=self._secret, forces=self.forces)


class Holder:
    """Where the process keeps its snapshot. Read without a lock; replaced whole.

    What tests put on top lives here too: `everyone` is waffle's override, `stages` is `rollout.testing.at_stage`.
    Both are process-local and never stored.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._stages: dict[str, FlagState] = {}
        self._everyone: dict[str, bool] = {}
        self.clear()

    def current(self) -> Snapshot:
        """Return the view to decide by; how old it may be, the pulse sees to."""
        return self._shown

    @property
    def version(self) -> int:
        """The version of the tables that is applied here, 0 before the first."""
        return self._told.version

    @property
    def is_stale(self) -> bool:
        """Whether nobody confirmed the view within the last three seconds, or there is none."""
        return self._clock() - self._confirmed_at > STALE_AFTER_S

    @property
    def is_empty(self) -> bool:
        """Whether the process never had a view; then everybody is on control."""
        return self._is_empty

    def replace(self, snapshot: Snapshot) -> None:
        """Put a newer view in the place of the old one; requests that already hold the old one end with it."""
        with self._lock:
            self._told = snapshot
            self._is_empty = False
            self._confirmed_at = self._clock()
            self._show()

    def confirm(self) -> None:
        """Note that the tables still stand at the version that is held."""
        self._confirmed_at = self._clock()

    def clear(self) -> None:
        """Forget everything, as if the process had just started."""
        with self._lock:
            self._told = Snapshot((), version=0, secret=settings.ROLLOUT["SECRET"])
            self._is_empty = True
            self._confirmed_at = float("-inf")
            self._stages.clear()
            self._everyone.clear()
            self._show()

    def everyone(self, feature: str) -> bool | None:
        """Return what waffle's `everyone` is for a feature in this process."""
        return self._everyone.get(feature)

    def set_everyone(self, feature: str, is_in: bool | None) -> None:
        """Send everyone of this process to one arm, whatever the tables say; None ends that."""
        with self._lock:
            _put(self._everyone, feature, is_in)
            self._show()

    def stage(self, feature: str) -> FlagState | None:
        """Return the state that is put in the place of the tables' for a feature in this process."""
        return self._stages.get(feature)

    def set_stage(self, feature: str, state: FlagState | None) -> None:
        """Put `state` in the place of the tables' in this process; None ends that."""
        with self._lock:
            _put(self._stages, feature, state)
            self._show()

    def _show(self) -> None:
        below = self._told.overlaid(self._stages.values())
        self._shown = below.overlaid([_for_everyone(below, name, is_in) for name, is_in in self._everyone.items()])


holder = Holder()
"""This process's snapshot."""


current = holder.current
"""Return the view that this process decides by."""


def _put(kept: dict[str, T], name: str, value: T | None) -> None:
    if value is None:
        kept.pop(name, None)
    else:
        kept[name] = value


def _for_everyone(below: Snapshot, name: str, is_in: bool) -> FlagState:
    """Return a flag that is on (with the v3 engine as fallback) or off for everyone, and stands on nothing."""
    known = below.flags.get(name) or FlagState(id=0, name=name, cohort="")
    return FlagState(
        id=known.id,
        name=name,
        cohort=known.cohort,
        stage=Stage.FULL if is_in else Stage.DISABLED,
        percentage=HUNDRED if is_in else ZERO,
        drills=known.drills,
        note=known.note,
        version=known.version,
        modified_at=known.modified_at,
    )


def _at(slot: int, _cohort: str) -> int:
    return slot


_unknown: set[str] = set()


def _warn_once(feature: str) -> None:
    if feature not in _unknown:
        _unknown.add(feature)
        logger.warning("Nobody knows the feature %r; its callers stay on control.", feature)
