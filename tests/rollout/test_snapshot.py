"""Who is in: the order of decision, rule by rule, and that the fast view says what the rules say."""

import logging
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import snapshot
from rollout.eligibility import NOBODY, Caller, DrillState, FlagState, Rules
from rollout.forces import Forces, read
from rollout.identity import Identity
from rollout.slots import Cohort, threshold
from rollout.snapshot import Decision, Snapshot, holder
from rollout.stages import Stage
from rollout.testing import at_stage

SECRET = "a secret of these tests, long enough"
PEOPLE = [f"d:{number}" for number in range(400)]


def flag(stage: str = "disabled", percentage: object = 0, name: str = "a", **about: Any) -> FlagState:
    share = {"full": 100, "complete": 100}.get(stage, percentage)
    about["holdout"] = Decimal(str(about.get("holdout", 0)))
    return FlagState(
        id=1, name=name, cohort=about.pop("cohort", "c"), stage=Stage(stage), percentage=Decimal(str(share)), **about
    )


def view(*flags: FlagState, **environ: str) -> Snapshot:
    forces = read(environ, [one.name for one in flags])
    assert not forces.problems
    return Snapshot(flags, version=7, secret=SECRET, forces=forces)


def said(decision: Decision) -> tuple[str, str]:
    return decision.arm.value, decision.reason.value


def chosen(seen: Snapshot, feature: str = "a", people: Iterable[str] = PEOPLE) -> set[str]:
    return {who for who in people if seen.decide(feature, who).is_candidate}


def slot(who: str, cohort: str = "c") -> int:
    return Cohort(SECRET, cohort).slot(who)


EARLY = min(PEOPLE, key=slot)
LATE = max(PEOPLE, key=slot)

TABLE: list[tuple[str, list[FlagState], dict[str, str], str, tuple[str, str]]] = [
    ("unknown", [], {}, EARLY, ("control", "error")),
    ("forced off", [flag("complete")], {"ROLLOUT_FORCE_A": "off"}, EARLY, ("control", "forced")),
    ("all forced off", [flag("full")], {"ROLLOUT_FORCE_ALL": "off"}, EARLY, ("control", "forced")),
    (
        "off outranks unsafe",
        [flag("full")],
        {"ROLLOUT_FORCE_ALL": "off", "ROLLOUT_FORCE_A": "on", "ROLLOUT_FORCE_UNSAFE": "1"},
        EARLY,
        ("control", "forced"),
    ),
    (
        "off outranks the prerequisite",
        [flag("full", prerequisite="p"), flag(name="p")],
        {"ROLLOUT_FORCE_A": "off"},
        EARLY,
        ("control", "forced"),
    ),
    ("prerequisite", [flag("complete", prerequisite="p"), flag(name="p")], {}, EARLY, ("control", "prerequisite")),
    ("prerequisite missing", [flag("full", prerequisite="p")], {}, EARLY, ("control", "prerequisite")),
    (
        "prerequisite outranks on",
        [flag("full", prerequisite="p"), flag(name="p")],
        {"ROLLOUT_FORCE_A": "on"},
        EARLY,
        ("control", "prerequisite"),
    ),
    ("disabled", [flag(overrides={EARLY: True}, testers=frozenset([EARLY]))], {}, EARLY, ("control", "disabled")),
    ("on ranks below disabled", [flag()], {"ROLLOUT_FORCE_A": "on"}, EARLY, ("control", "disabled")),
    (
        "unsafe lifts on above disabled",
        [flag()],
        {"ROLLOUT_FORCE_A": "on", "ROLLOUT_FORCE_UNSAFE": "1"},
        EARLY,
        ("candidate", "forced"),
    ),
    ("unsafe alone is nothing", [flag()], {"ROLLOUT_FORCE_UNSAFE": "1"}, EARLY, ("control", "disabled")),
    ("on", [flag("testing", overrides={LATE: False})], {"ROLLOUT_FORCE_A": "on"}, LATE, ("candidate", "forced")),
    ("percent, in", [flag("testing")], {"ROLLOUT_FORCE_A": "50%"}, EARLY, ("candidate", "forced")),
    (
        "percent, out",
        [flag("full", testers=frozenset([LATE]))],
        {"ROLLOUT_FORCE_A": "50%"},
        LATE,
        ("control", "forced"),
    ),
    ("override in", [flag("testing", overrides={LATE: True})], {}, LATE, ("candidate", "override")),
    ("override out", [flag("complete", overrides={EARLY: False})], {}, EARLY, ("control", "override")),
    ("user forced in", [flag("testing")], {"ROLLOUT_USER_A": f"{LATE}=on"}, LATE, ("candidate", "override")),
    (
        "user forced out, over the table's override",
        [flag("full", overrides={EARLY: True})],
        {"ROLLOUT_USER_A": f"{EARLY}=off"},
        EARLY,
        ("control", "override"),
    ),
    ("complete", [flag("complete", testers=frozenset([LATE]))], {}, LATE, ("candidate", "static")),
    ("tester", [flag("partial", 1, testers=frozenset([LATE]))], {}, LATE, ("candidate", "targeting_match")),
    (
        "tester at full",
        [flag("full", holdout=50, testers=frozenset([LATE]))],
        {},
        LATE,
        ("candidate", "targeting_match"),
    ),
    ("holdout", [flag("full", holdout=50)], {}, LATE, ("control", "holdout")),
    ("full", [flag("full", holdout=50)], {}, EARLY, ("candidate", "static")),
    ("split in", [flag("partial", 50)], {}, EARLY, ("candidate", "split")),
    ("split out", [flag("partial", 50)], {}, LATE, ("control", "split")),
    ("default", [flag("testing")], {}, EARLY, ("control", "default")),
]


@pytest.mark.parametrize(
    ("flags", "environ", "who", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_first_rule_that_says_something_decides(
    flags: list[FlagState], environ: dict[str, str], who: str, expected: tuple[str, str]
) -> None:
    assert said(view(*flags, **environ).decide("a", who)) == expected


def test_an_identity_may_be_given_as_a_value_or_as_text() -> None:
    seen = view(flag("testing", testers=frozenset(["u:3"])))

    assert seen.decide("a", Identity("u:3", "user")) is seen.decide("a", "u:3")


def test_a_decision_tells_the_version_that_it_was_made_by() -> None:
    assert view(flag("full")).decide("a", EARLY).version == 7


def test_an_unknown_feature_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    for _ in range(3):
        view().decide("a feature of this test only", EARLY)

    assert len(caplog.records) == 1


# Shares


@pytest.mark.parametrize(
    ("flags", "share"),
    [
        ([flag()], 0.0),
        ([flag("testing")], 0.0),
        ([flag("partial", "12.5")], 0.125),
        ([flag("full", holdout=10)], 0.9),
        ([flag("complete")], 1.0),
        ([flag("partial", 50, prerequisite="p"), flag("partial", 10, name="p")], 0.1),
        ([flag("partial", 5, prerequisite="p"), flag("full", name="p", holdout=1)], 0.05),
        ([flag("partial", 50, prerequisite="p"), flag("partial", 10, name="p", cohort="other")], 0.5),
        ([flag("full", prerequisite="p"), flag("partial", 50, name="p", prerequisite="q"), flag(name="q")], 0.0),
    ],
)
def test_the_share_is_the_least_over_prerequisites_of_the_same_cohort(flags: list[FlagState], share: float) -> None:
    seen = view(*flags)

    assert seen.decide("a", EARLY).share == seen.effective_share("a") == share


def test_features_of_one_cohort_take_the_same_people_first() -> None:
    seen = view(flag("partial", 25), flag("partial", 10, name="b"))

    assert chosen(seen, "b") < chosen(seen, "a")


def test_a_wider_share_keeps_everybody_who_was_in_up_to_the_end() -> None:
    way = [flag("partial", 1), flag("partial", 10), flag("partial", 50), flag("full", holdout=10), flag("complete")]

    steps = [chosen(view(place)) for place in way]

    assert all(before <= after for before, after in pairwise(steps))


def test_prerequisites_in_other_cohorts_are_asked_in_their_own() -> None:
    seen = view(flag("partial", 50, prerequisite="p"), flag("partial", 50, name="p", cohort="other"))

    half = threshold(Decimal(50))
    assert chosen(seen) == {who for who in PEOPLE if slot(who) < half and slot(who, "other") < half}


def test_a_cycle_lets_nobody_in() -> None:
    seen = view(flag("full", prerequisite="b"), flag("full", name="b", prerequisite="a"))

    assert not chosen(seen)


# The contract's gate


@pytest.mark.parametrize(
    ("flags", "who", "opens"),
    [
        ([flag()], EARLY, False),
        ([flag("testing", testers=frozenset([LATE]))], LATE, True),
        ([flag("testing")], EARLY, False),
        ([flag("partial", 50)], EARLY, True),
        ([flag("partial", 50)], LATE, False),
        ([flag("full", holdout=50)], LATE, True),
        ([flag("full", overrides={EARLY: False})], EARLY, True),
        ([flag("complete")], LATE, True),
        ([flag("full", prerequisite="p"), flag("full", name="p", holdout=50)], LATE, True),
        ([flag("partial", 10, prerequisite="p"), flag("full", name="p", holdout=50)], LATE, False),
        ([flag("full", prerequisite="p"), flag("partial", 50, name="p")], LATE, False),
        ([flag("full", prerequisite="p"), flag(name="p")], EARLY, False),
    ],
)
def test_the_contract_is_open_to_whom_the_candidate_serves_and_from_full_on_to_everybody(
    flags: list[FlagState], who: str, opens: bool
) -> None:
    assert view(*flags).decide("a", who).opens is opens


def test_an_environment_that_forces_off_closes_the_contract_too() -> None:
    assert not view(flag("complete"), ROLLOUT_FORCE_ALL="off").decide("a", EARLY).opens


def test_only_a_complete_feature_has_no_fallback() -> None:
    assert view(flag("full")).decide("a", EARLY).has_fallback
    assert not view(flag("complete")).decide("a", EARLY).has_fallback


@pytest.mark.parametrize(
    ("place", "is_in"),
    [
        (flag("partial", "99.99"), False),
        (flag("partial", 100), True),
        (flag("full", holdout=1), False),
        (flag("full"), True),
    ],
)
def test_nobody_in_particular_is_in_only_where_everybody_is(place: FlagState, is_in: bool) -> None:
    assert view(place).decide("a", NOBODY).is_candidate is is_in


# The fast view and the rules

percentages = st.integers(1, 9_999).map(lambda grains: Decimal(grains) / 100)
holdouts = st.integers(0, 5_000).map(lambda grains: Decimal(grains) / 100)
people = st.sampled_from([*PEOPLE[:6], NOBODY])


@st.composite
def states(draw: st.DrawFn, name: str, prerequisite: str | None) -> FlagState:
    stage = draw(st.sampled_from(list(Stage)))
    return flag(
        stage.value,
        draw(percentages) if stage is Stage.PARTIAL else 0,
        name,
        cohort=draw(st.sampled_from(["c", "other"])),
        holdout=draw(holdouts),
        prerequisite=prerequisite,
        testers=draw(st.frozensets(people, max_size=2)),
        overrides=draw(st.dictionaries(people, st.booleans(), max_size=2)),
    )


forces = st.builds(
    Forces,
    all_off=st.booleans(),
    unsafe=st.booleans(),
    shares=st.dictionaries(st.sampled_from("abc"), percentages | st.sampled_from([Decimal(0), Decimal(100)])),
    users=st.dictionaries(st.sampled_from("abc"), st.dictionaries(people, st.booleans(), max_size=2)),
)


@given(states("a", "b"), states("b", "c"), states("c", None), forces, st.sampled_from("abc"), st.sampled_from(PEOPLE))
def test_the_compiled_view_decides_exactly_as_the_rules(
    a: FlagState, b: FlagState, c: FlagState, forced: Forces, feature: str, who: str
) -> None:
    flags = {one.name: one for one in (a, b, c)}

    decision = Snapshot(flags.values(), version=7, secret=SECRET, forces=forced).decide(feature, who)

    caller = Caller(who, lambda cohort: Cohort(SECRET, cohort).slot(who))
    assert decision == Rules(flags, forced, 7).decide(feature, caller)


# The holder


def test_a_replaced_view_counts_from_the_next_request_on() -> None:
    holder.replace(view(flag()))
    before = snapshot.current()
    holder.replace(view(flag("full")))

    assert not before.decide("a", EARLY).is_candidate
    assert snapshot.current().decide("a", EARLY).is_candidate


def test_what_everyone_was_set_to_outlives_a_new_view() -> None:
    holder.set_everyone("a", True)
    holder.replace(view(flag()))
    inside = snapshot.current().decide("a", EARLY)
    holder.set_everyone("a", None)

    assert said(inside) == ("candidate", "static")
    assert inside.has_fallback
    assert said(snapshot.current().decide("a", EARLY)) == ("control", "disabled")


def test_what_everyone_was_set_to_counts_for_prerequisites_too() -> None:
    holder.replace(view(flag("full", prerequisite="p"), flag("full", name="p")))

    holder.set_everyone("p", False)

    assert said(snapshot.current().decide("a", EARLY)) == ("control", "prerequisite")


# at_stage


def test_at_stage_puts_a_feature_somewhere_and_back_again() -> None:
    holder.replace(view(flag("partial", 10)))
    before = chosen(snapshot.current())
    with at_stage("a", "full"):
        with at_stage("a", Stage.TESTING, testers=[LATE]):
            inner = chosen(snapshot.current())
        outer = chosen(snapshot.current())

    assert (inner, outer) == ({LATE}, set(PEOPLE))
    assert chosen(snapshot.current()) == before


def test_at_stage_works_as_a_decorator_and_after_an_exception() -> None:
    @at_stage("a", "full")
    def failing() -> None:
        assert snapshot.current().decide("a", EARLY).is_candidate
        raise LookupError

    with pytest.raises(LookupError):
        failing()

    assert "a" not in snapshot.current().flags


def test_at_stage_takes_percentage_holdout_overrides_and_drills() -> None:
    drill = DrillState("error", expires_at=None)  # type: ignore[arg-type]
    with at_stage("a", "partial", percentage=50, overrides={LATE: True}, drills=[drill]):
        half, drills = chosen(snapshot.current()), snapshot.current().drills("a")
    with at_stage("a", "full", holdout=50):
        held = chosen(snapshot.current())

    assert drills == (drill,)
    assert LATE in half
    assert LATE not in held
    assert half - {LATE} == held


def test_at_stage_counts_over_what_the_pulse_brings() -> None:
    with at_stage("a", "full"):
        holder.replace(view(flag()))

        assert snapshot.current().decide("a", EARLY).is_candidate
