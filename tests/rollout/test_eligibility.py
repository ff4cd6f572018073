"""Whose calls may be evidence: callers whom nothing but their slot put on their arm, with a chance that is known."""

from collections.abc import Iterator
from decimal import Decimal
from math import sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollout.calls import Call
from rollout.eligibility import FlagState
from rollout.forces import Forces, read
from rollout.identity import Identity, Source
from rollout.snapshot import Snapshot
from rollout.stages import Stage

SECRET = "a secret of these tests, long enough"
PEOPLE = [f"u:{number}" for number in range(1000)]
SOME = PEOPLE[0]


def flag(stage: str = "disabled", percentage: object = 0, name: str = "a", **about: Any) -> FlagState:
    share = {"full": 100, "complete": 100}.get(stage, percentage)
    about["holdout"] = Decimal(str(about.get("holdout", 0)))
    return FlagState(
        id=1, name=name, cohort=about.pop("cohort", "c"), stage=Stage(stage), percentage=Decimal(str(share)), **about
    )


def compared(flags: list[FlagState], environ: dict[str, str]) -> set[str]:
    """Return who of everybody may be evidence for feature `a`: all, none or some, and whether that is by their arm."""
    view = Snapshot(flags, version=7, secret=SECRET, forces=read(environ, [one.name for one in flags]))
    return {who for who in PEOPLE if view.decide("a", who).compares}


ALL, NONE = set(PEOPLE), set[str]()
BUT_ONE = ALL - {SOME}

HALF = flag("partial", 50)
TABLE: list[tuple[str, list[FlagState], dict[str, str], set[str]]] = [
    ("split", [HALF], {}, ALL),
    ("static and holdout at FULL", [flag("full", holdout=10)], {}, ALL),
    ("disabled", [flag()], {}, NONE),
    ("testing", [flag("testing", testers=frozenset([SOME]))], {}, NONE),
    ("complete", [flag("complete")], {}, NONE),
    ("testers", [flag("partial", 50, testers=frozenset([SOME]))], {}, BUT_ONE),
    ("testers at FULL", [flag("full", holdout=10, testers=frozenset([SOME]))], {}, BUT_ONE),
    ("override in", [flag("partial", 50, overrides={SOME: True})], {}, BUT_ONE),
    ("override out", [flag("full", overrides={SOME: False})], {}, BUT_ONE),
    ("user forced by the environment", [HALF], {"ROLLOUT_USER_A": f"{SOME}=on"}, BUT_ONE),
    ("forced off", [HALF], {"ROLLOUT_FORCE_A": "off"}, NONE),
    ("forced on", [HALF], {"ROLLOUT_FORCE_A": "on"}, NONE),
    ("forced to a percentage", [HALF], {"ROLLOUT_FORCE_A": "20%"}, NONE),
    ("all forced off", [HALF], {"ROLLOUT_FORCE_ALL": "off"}, NONE),
    ("prerequisite of the cohort, split", [flag("full", prerequisite="p"), flag("partial", 50, "p")], {}, ALL),
    ("prerequisite of the cohort, holdout", [flag("full", prerequisite="p"), flag("full", 0, "p", holdout=9)], {}, ALL),
    ("prerequisite complete", [flag("partial", 50, prerequisite="p"), flag("complete", 0, "p")], {}, ALL),
    ("complete on a split prerequisite", [flag("complete", prerequisite="p"), flag("partial", 50, "p")], {}, NONE),
    ("prerequisite disabled", [flag("partial", 50, prerequisite="p"), flag(name="p")], {}, NONE),
    ("prerequisite missing", [flag("partial", 50, prerequisite="p")], {}, NONE),
    (
        "prerequisite in testing",
        [flag("partial", 50, prerequisite="p"), flag("testing", 0, "p", testers=frozenset([SOME]))],
        {},
        NONE,
    ),
    (
        "tester of the prerequisite",
        [flag("partial", 50, prerequisite="p"), flag("partial", 10, "p", testers=frozenset([SOME]))],
        {},
        BUT_ONE,
    ),
    (
        "override of the prerequisite",
        [flag("partial", 50, prerequisite="p"), flag("partial", 10, "p", overrides={SOME: False})],
        {},
        BUT_ONE,
    ),
    (
        "prerequisite forced",
        [flag("partial", 50, prerequisite="p"), flag("partial", 10, "p")],
        {"ROLLOUT_FORCE_P": "on"},
        NONE,
    ),
    (
        "a name two features up",
        [
            flag("partial", 50, prerequisite="p"),
            flag("full", 0, "p", prerequisite="q"),
            flag("full", 0, "q", overrides={SOME: True}),
        ],
        {},
        BUT_ONE,
    ),
    ("a cycle", [flag("full", prerequisite="p"), flag("full", 0, "p", prerequisite="a")], {}, NONE),
    (
        "prerequisite of another cohort, out",
        [flag("partial", 50, prerequisite="p"), flag(name="p", cohort="other")],
        {},
        NONE,
    ),
    (
        "prerequisite of another cohort, in",
        [flag("partial", 50, prerequisite="p"), flag("full", 0, "p", cohort="other")],
        {},
        ALL,
    ),
]


@pytest.mark.parametrize(("flags", "environ", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_evidence_are_those_whom_only_their_slot_put_on_their_arm(
    flags: list[FlagState], environ: dict[str, str], expected: set[str]
) -> None:
    assert compared(flags, environ) == expected


def test_whom_a_prerequisite_of_another_cohort_keeps_out_is_no_evidence() -> None:
    flags = [flag("partial", 50, prerequisite="p"), flag("partial", 30, "p", cohort="other")]
    view = Snapshot(flags, version=7, secret=SECRET)

    assert compared(flags, {}) == {who for who in PEOPLE if view.decide("p", who).is_candidate}


# What is recorded of whom


@pytest.mark.parametrize(
    ("source", "counts"), [("user", True), ("key", True), ("cookie", True), ("header", False), ("network", False)]
)
def test_an_identity_that_the_client_chose_or_that_is_no_person_is_no_evidence(source: Source, counts: bool) -> None:
    caller = Identity(SOME, source)
    decision = Snapshot([HALF], version=7, secret=SECRET).decide("a", caller)

    assert decision.compares
    assert Call("a", "tests.read", caller, decision, HALF).is_evidence is counts


# The chance

percentages = st.integers(1, 9_999).map(lambda grains: Decimal(grains) / 100)
holdouts = st.integers(0, 5_000).map(lambda grains: Decimal(grains) / 100)
named = st.sampled_from(PEOPLE[:3])


@st.composite
def states(draw: st.DrawFn, name: str, prerequisite: str | None) -> FlagState:
    stage = draw(st.sampled_from([*Stage, Stage.PARTIAL, Stage.FULL]))
    return flag(
        stage.value,
        draw(percentages) if stage is Stage.PARTIAL else 0,
        name,
        cohort=draw(st.sampled_from(["c", "other"])),
        holdout=draw(holdouts),
        prerequisite=prerequisite,
        testers=draw(st.frozensets(named, max_size=1)),
        overrides=draw(st.dictionaries(named, st.booleans(), max_size=1)),
    )


forces = st.just(Forces()) | st.builds(
    Forces,
    unsafe=st.booleans(),
    shares=st.dictionaries(st.sampled_from("abc"), percentages | st.sampled_from([Decimal(0), Decimal(100)])),
    users=st.dictionaries(st.sampled_from("abc"), st.dictionaries(named, st.booleans(), max_size=1)),
)


def on_candidate(view: Snapshot, people: list[str]) -> Iterator[tuple[bool, float]]:
    for who in people:
        decision = view.decide("a", who)
        if decision.compares:
            yield decision.is_candidate, decision.share


@settings(max_examples=150, deadline=None, derandomize=True)  # one run in some hundreds would be off by 4 σ
@given(states("a", "b"), states("b", "c"), states("c", None), forces)
def test_of_those_who_may_be_evidence_the_share_is_on_the_candidates_arm(
    a: FlagState, b: FlagState, c: FlagState, forced: Forces
) -> None:
    view = Snapshot([a, b, c], version=7, secret=SECRET, forces=forced)

    found = list(on_candidate(view, PEOPLE[3:]))

    if found:
        ((share),) = {share for _, share in found}
        most = 4 * sqrt(share * (1 - share) * len(found)) + 1
        assert abs(sum(is_in for is_in, _ in found) - share * len(found)) <= most


@settings(deadline=None)
@given(states("a", "b"), states("b", "c"), states("c", None), forces)
def test_nobody_whom_some_rule_decides_by_name_is_evidence(
    a: FlagState, b: FlagState, c: FlagState, forced: Forces
) -> None:
    view = Snapshot([a, b, c], version=7, secret=SECRET, forces=forced)
    unnamed = Snapshot(
        [
            flag(
                one.stage.value,
                one.percentage,
                one.name,
                cohort=one.cohort,
                holdout=one.holdout,
                prerequisite=one.prerequisite,
            )
            for one in (a, b, c)
        ],
        version=7,
        secret=SECRET,
        forces=Forces(unsafe=forced.unsafe, shares=forced.shares),
    )

    for who in PEOPLE[:3]:
        decision = view.decide("a", who)
        assert not decision.compares or decision == unnamed.decide("a", who)
