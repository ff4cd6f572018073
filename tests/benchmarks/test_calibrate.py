"""The simulated rollouts: the same for the same seed, judged by the real code, and no look that matters left out."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from statistics import fmean

import pytest

from benchmarks.calibration import report, rivals
from benchmarks.calibration.audience import Audience
from benchmarks.calibration.bounds import quantile, upper_bound
from benchmarks.calibration.campaign import Piece, campaign, done, plan
from benchmarks.calibration.draws import binomial, poisson
from benchmarks.calibration.guard import Looks
from benchmarks.calibration.people import ORDINARY, Crowd
from benchmarks.calibration.runs import Outcome, Run, simulate
from benchmarks.calibration.situations import (
    HOUR,
    SITUATIONS,
    TO_50,
    Chances,
    Phase,
    Situation,
    both,
    faulty,
    near_limit,
)
from benchmarks.calibration.traffic import Traffic
from rollout.eligibility import Arm
from rollout.situation import Evidence, Limits, Window
from rollout.verdict import Hold, Reason, Rollback, Verdict, judge

ROOT = Path(__file__).parents[2]
CALM = Chances()
QUIET = Situation("quiet", "nothing happens", (both(0, 0.1, CALM),), 300, minutes=2 * HOUR)
OUTAGE = Situation(
    "short",
    "half of all calls fail for ten minutes",
    (both(0, 0.1, CALM), both(60, 0.1, Chances(fails=0.5)), both(70, 0.1, CALM)),
    100,
    minutes=3 * HOUR,
)
WIDENED = Situation(
    "widened",
    "from 10 to 50 %, at the limit",
    (both(0, 0.1, Chances(fails=0.03)), both(70, 0.5, Chances(fails=0.03, late=0.05), TO_50)),
    100,
    minutes=3 * HOUR,
)
BROKEN = [replace(faulty("b", "", fails, (both(0, 0.1, CALM),), 70), minutes=3 * HOUR) for fails in (0.05, 0.2, 1.0)]


# The same seed


def test_the_same_seed_makes_the_same_rollout_and_another_one_another() -> None:
    first, again, other = (simulate(SITUATIONS["fresh_5"], seed, compare=False) for seed in ("a", "a", "b"))

    assert first == again
    assert first.minute != other.minute


def test_how_the_guard_looks_changes_no_call() -> None:
    calls = [list(Traffic(QUIET, Random("s")).calls()) for _ in range(2)]

    assert calls[0] == calls[1]
    assert len(calls[0]) > 300


# What decides


@pytest.mark.parametrize("situation", BROKEN, ids=["5 %", "20 %", "100 %"])
def test_a_v4_that_breaks_is_rolled_back_after_it_broke(situation: Situation) -> None:
    for seed in "abc":
        outcome = simulate(situation, seed, compare=False)

        assert outcome.minute is not None
        assert 70 < outcome.minute < 100
        assert outcome.reason in (Reason.REGRESSED, Reason.SLO)
        assert outcome.people >= 3


@pytest.mark.parametrize("situation", [QUIET, OUTAGE], ids=lambda one: one.name)
def test_a_v4_that_is_as_v3_is_not_rolled_back(situation: Situation) -> None:
    assert [simulate(situation, seed, compare=False).minute for seed in "abcd"] == [None] * 4


def test_it_is_the_judge_who_decides() -> None:
    asked: list[Verdict] = []

    def holds(window: Window, evidence: Evidence, limits: Limits) -> Verdict:
        asked.append(judge(window, evidence, limits))
        return Hold(Reason.NOT_ENOUGH_EVIDENCE, "This judge never rolls back.")

    outcome = Run(BROKEN[1], "a", Looks.SPARED, holds, compare=False).finish()

    assert outcome.minute is None
    assert {verdict.reason for verdict in asked if isinstance(verdict, Rollback)} >= {Reason.REGRESSED}


def test_the_judge_is_told_what_was_counted() -> None:
    seen: list[tuple[Window, Evidence]] = []

    def remembers(window: Window, evidence: Evidence, limits: Limits) -> Verdict:
        seen.append((window, evidence))
        return judge(window, evidence, limits)

    Run(replace(QUIET, minutes=61), "a", Looks.ALL, remembers, compare=False).finish()

    window, evidence = seen[-1]
    failures, slow = evidence.excesses
    assert 1200 < window.control.calls + window.candidate.calls < 1800  # 300 a minute, 5 minutes
    assert 80 < window.candidate.calls < 220
    assert failures.people > 500  # of 2000, at 0.9 calls an hour
    assert failures.failing < failures.people / 10 > slow.failing
    assert evidence.regression.strongest is not None
    assert 0 < evidence.regression.value < 100


# Looks


@pytest.mark.parametrize(
    "situation", [QUIET, OUTAGE, WIDENED, *BROKEN], ids=lambda one: one.title or str(one.phases[-1].v4.fails)
)
def test_looks_left_out_decide_nothing(situation: Situation) -> None:
    for seed in "ab":
        spared, every = (simulate(situation, seed, looks, compare=False) for looks in (Looks.SPARED, Looks.ALL))

        assert spared == every


@pytest.mark.parametrize("situation", [QUIET, *BROKEN], ids=lambda one: one.title or str(one.phases[-1].v4.fails))
def test_looking_every_second_comes_to_the_same_verdict_within_a_second(situation: Situation) -> None:
    at_failures, at_seconds = (
        simulate(replace(situation, minutes=100), "a", looks, compare=False) for looks in (Looks.SPARED, Looks.SECONDS)
    )

    assert at_failures.reason == at_seconds.reason
    if at_failures.minute is not None and at_seconds.minute is not None:
        assert 0 <= at_seconds.minute - at_failures.minute <= 1 / 60


# The simulation


def test_a_person_keeps_the_arm_in_a_ramp() -> None:
    traffic = Traffic(WIDENED, Random(1))

    arms = {(call.person, call.arm, call.share) for call in traffic.calls()}

    assert {share for _, _, share in arms} == {0.1, 0.5}
    assert all((arm is Arm.CANDIDATE) == (traffic.crowd.slots[person] < share) for person, arm, share in arms)


def test_calls_happen_as_often_as_the_situation_says() -> None:
    situation = Situation("s", "", (Phase(0, 0.25, v3=Chances(0.02), v4=Chances(0.1)),), 600, minutes=600)
    traffic = Traffic(situation, Random(2))
    calls, v4 = 360_000, fmean(slot < 0.25 for slot in traffic.crowd.slots)

    found = list(traffic.calls())

    failing = [sum(call.fails for call in found if call.arm is arm) for arm in Arm]
    expected = {Arm.CANDIDATE: 0.1 * v4 * calls, Arm.CONTROL: 0.02 * (1 - v4) * calls}
    assert failing == pytest.approx([expected[arm] for arm in Arm], rel=0.06)
    assert sum(call.slow for call in found) == pytest.approx(0.01 * calls, rel=0.1)
    assert sum(call.late for call in found) == pytest.approx(0.001 * calls, rel=0.3)


def test_as_many_people_are_seen_as_call_at_least_once() -> None:
    random = Random(3)
    crowd = Crowd(random, ORDINARY, 300)
    audience = Audience(random, crowd, crowd.sizes, 0)
    touched = {crowd.caller() for _ in range(400)}

    for person in touched:
        audience.touch(person)
    before = audience.seen
    for minute in range(1, 61):
        audience.until(minute, 0.98)

    expected = sum(
        size * (1 - math.exp(-kind.calls_per_hour * 0.98)) for size, kind in zip(crowd.sizes, ORDINARY, strict=True)
    )
    assert before == len(touched)
    assert audience.seen == pytest.approx(expected, rel=0.05)


def test_numbers_are_drawn_around_their_means() -> None:
    random = Random(4)

    assert fmean(poisson(random, 3.5) for _ in range(4000)) == pytest.approx(3.5, rel=0.05)
    assert fmean(poisson(random, 90) for _ in range(4000)) == pytest.approx(90, rel=0.02)
    assert fmean(binomial(random, 40, 0.1) for _ in range(4000)) == pytest.approx(4, rel=0.05)
    assert fmean(binomial(random, 4000, 0.1) for _ in range(4000)) == pytest.approx(400, rel=0.02)
    assert [binomial(random, 7, 1.0), binomial(random, 0, 0.5), binomial(random, 7, 0.0), poisson(random, 0)] == [
        7,
        0,
        0,
        0,
    ]


def test_near_the_limit_means_of_the_people_seen_in_an_hour() -> None:
    chance = near_limit(0.0475)

    hit = sum(kind.fraction * (1 - math.exp(-kind.calls_per_hour * chance)) for kind in ORDINARY)
    seen = sum(kind.fraction * (1 - math.exp(-kind.calls_per_hour)) for kind in ORDINARY)
    assert hit / seen == pytest.approx(0.0475, rel=1e-6)
    assert 0.02 < chance < 0.0475


def test_every_situation_begins_at_the_start_and_says_what_it_is() -> None:
    for situation in SITUATIONS.values():
        starts = [phase.start for phase in situation.phases]
        assert starts[0] == 0 == min(starts)
        assert starts == sorted(set(starts))
        assert starts[-1] < situation.minutes
        assert situation.title


# The rivals


def minute(
    v3: tuple[int, int], v4: tuple[int, int], people: tuple[float, int, float, int] = (900, 3, 100, 0)
) -> rivals.Minute:
    """Return a minute of (calls, failures) on each arm, which are those of the step as well."""
    return rivals.Arm(*v3, *v3, people[0], people[1]), rivals.Arm(*v4, *v4, people[2], people[3])


def first_true(rule: rivals.Rule, each: rivals.Minute, most: int = 60) -> int | None:
    return next((number for number in range(1, most) if rule(each)), None)


@pytest.mark.parametrize(
    ("name", "v4", "found_after"),
    [
        ("5 % in 5 min", (100, 5), None),
        ("5 % in 5 min", (100, 6), 1),
        ("Flagger", (100, 1), None),
        ("Flagger", (100, 2), 6),
        ("Flagger", (0, 0), 6),
        ("Argo Rollouts", (100, 5), None),
        ("Argo Rollouts", (100, 6), 20),
        ("z-test", (100, 1), None),
        ("z-test", (100, 5), 1),
    ],
)
def test_a_rival_does_what_it_publishes(name: str, v4: tuple[int, int], found_after: int | None) -> None:
    assert first_true(rivals.RIVALS[name](), minute((900, 9), v4)) == found_after


@pytest.mark.parametrize("name", ["GrowthBook", "Statsig"])
@pytest.mark.parametrize(("failing", "found"), [(0, False), (12, False), (60, True)])
def test_the_sequential_rivals_compare_people(name: str, failing: int, found: bool) -> None:
    each = minute((900, 9), (100, 1), (900, 90, 100, failing))

    assert rivals.RIVALS[name]()(each) is found


# The campaign and its report


def test_the_bound_is_that_of_clopper_and_pearson() -> None:
    assert upper_bound(0, 2000) == pytest.approx(1 - 0.05 ** (1 / 2000), rel=1e-6)
    bound = upper_bound(20, 2000)
    assert sum(math.comb(2000, n) * bound**n * (1 - bound) ** (2000 - n) for n in range(21)) == pytest.approx(0.05)
    assert upper_bound(5, 5) == 1.0


def test_what_never_came_is_later_than_all_else() -> None:
    assert quantile([3.0, 1.0, math.inf], 0.5) == 3.0
    assert quantile([3.0, math.inf, math.inf], 0.5) is None


def test_a_campaign_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    pieces = plan(["fresh_20", "fresh_100"], 2, seed=7)
    campaign(pieces[:1], file, processes=1)
    marked = [line.replace('"people": ', '"people": 9') for line in file.read_text().splitlines(keepends=True)]
    file.write_text("".join(marked))

    found = campaign(pieces, file, processes=1)

    assert len(pieces) == len(found) == len(done(file)) == 2
    assert all(outcome.people >= 90 for outcome in found[pieces[0]])  # kept, not run again
    assert all(3 <= outcome.people < 90 for outcome in found[pieces[1]])


def test_results_of_other_code_are_run_again(tmp_path: Path) -> None:
    file = tmp_path / "kept.jsonl"
    (piece,) = plan(["fresh_100"], 1, seed=7)
    old = {"situation": "fresh_100", "looks": "spared", "seed": 7, "first": 0, "runs": 1, "code": "other"}
    file.write_text(json.dumps({"piece": old, "outcomes": []}) + "\n")

    found = campaign([piece], file, processes=1)

    assert len(found[piece]) == 1


def test_the_report_replaces_its_tables_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "evidence.md"
    names = ("about", "healthy", "hard", "broken", "rivals-healthy", "rivals-broken")
    marks = "\n".join(
        f"before {name}\n<!-- calibration: {name} -->\nold\n<!-- /calibration: {name} -->" for name in names
    )
    file.write_text(f"{marks}\n\n## Another section\n")
    results = {
        Piece("300", Looks.SPARED, 1, 0, 4, "c"): [
            Outcome(rivals={"Flagger": (9, 0)}),
            Outcome(5.0, "slo", 3),
            Outcome(),
            Outcome(),
        ],
        Piece("300", Looks.SECONDS, 1, 0, 2, "c"): [Outcome(), Outcome()],
        Piece("fresh_20", Looks.SPARED, 1, 0, 1, "c"): [Outcome(0.75, "regressed", 5, {"Flagger": (6, 35)})],
    }

    for _ in range(2):
        report.write(results, file, date(2026, 3, 1))

    text = file.read_text()
    assert "| 300 requests/min | 4 | 1 | 25 % | 75 % | `slo` 1 | 2, 1 |" in text
    assert "| 20 %, fresh | 1 | 100 % | 45 s | 45 s | 5 | 5 | `regressed` 1 | 0 |" in text
    assert "| 20 %, fresh | 1 | 45 s, 5 | – | – | 6.0 min, 35 | – | – | – |" in text
    assert text.count("2026-03-01") == 1
    assert "old" not in text
    assert all(f"before {name}" in text for name in names)
    assert text.endswith("\n\n## Another section\n")


def test_the_document_has_every_marker_and_tables_of_the_present_situations() -> None:
    text = (ROOT / "docs" / "evidence.md").read_text()

    for name in ("about", "healthy", "hard", "broken", "rivals-healthy", "rivals-broken"):
        assert text.count(f"<!-- calibration: {name} -->") == text.count(f"<!-- /calibration: {name} -->") == 1
    assert [situation.title for situation in SITUATIONS.values() if f"| {situation.title} |" not in text] == []


def test_the_command_says_what_it_found(tmp_path: Path) -> None:
    command = ["-m", "benchmarks.calibrate", "--runs", "2", "--processes", "1", "--situations", "fresh_100"]

    finished = subprocess.run(
        [sys.executable, *command, "--out", tmp_path / "kept.jsonl"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "| 100 %, fresh | 2 | 100 % |" in finished.stdout
    assert f"{datetime.now(UTC):%Y}" in finished.stdout
    assert "1/1 fresh_100" in finished.stderr
