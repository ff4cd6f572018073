"""Each recommendation is said where there is a reason, with its numbers, and nowhere else."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from rollout import recommendations
from rollout.recommendations import FEATURE_RULES, LAST_RULES, PLATFORM_RULES, Recommendation, recommended
from rollout.seen import AlertSeen, ArmSeen, FeatureSeen, FlightSeen, OperationSeen, PlatformSeen
from rollout.stages import ZERO, Position, Stage

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
USERS = "api_v4_users"


def at(stage: Stage, percentage: int = 10, holdout: int = 10) -> Position:
    shares = {Stage.PARTIAL: Decimal(percentage), Stage.FULL: Decimal(100), Stage.COMPLETE: Decimal(100)}
    return Position(stage, shares.get(stage, ZERO), Decimal(holdout))


WELL = PlatformSeen(is_migrating=True, workers=4, guard_age=timedelta(seconds=1))
BUSY = OperationSeen("users.list", control=ArmSeen(9000, 9, 100.0), candidate=ArmSeen(1000, 1, 105.0))
GOING = FeatureSeen(
    USERS,
    at(Stage.PARTIAL),
    here_for=26 * HOUR,
    share=10.0,
    dwell=DAY,
    verdict="hold",
    evidence_share=0.9,
    last_call_ago=timedelta(seconds=2),
    operations=(BUSY,),
)


def on_users(control: ArmSeen = BUSY.control, candidate: ArmSeen = BUSY.candidate) -> tuple[OperationSeen, ...]:
    return (OperationSeen("users.list", control, candidate),)


def test_nothing_is_said_where_nothing_is_to_be_said() -> None:
    assert recommended(WELL, [GOING]) == []


Case = tuple[str, dict[str, Any], list[str]]

PLATFORM: list[Case] = [
    ("guard_is_away", {"guard_age": None}, ["The guard has never run", "manage.py rollout_guard"]),
    ("guard_is_away", {"guard_age": timedelta(minutes=4)}, ["does not run", "4 min ago"]),
    ("guard_is_away", {"guard_age": timedelta(seconds=30)}, []),
    ("guard_is_away", {"guard_age": None, "is_migrating": False}, []),
    ("nobody_serves", {"workers": 0}, ["No worker has reported"]),
    ("nobody_serves", {"workers": 0, "is_migrating": False}, []),
    ("unconfirmed_workers", {"unconfirmed": ("web/3",)}, ["1 of 4 workers", "web/3", "Restart it."]),
    ("unconfirmed_workers", {"unconfirmed": ("web/3", "web/4")}, ["2 of 4", "web/3, web/4", "Restart them."]),
    ("open_breakers", {"breakers": {"users.list": 2}}, ["The breaker of users.list is open on 2 of 4 workers"]),
    ("unseen_alerts", {"alerts": (AlertSeen("parity", USERS, 3 * HOUR),)}, [f"parity of {USERS}", "open for 3 h"]),
    ("unseen_alerts", {"alerts": (AlertSeen("database", "", HOUR),)}, ["The alert database has been open for 60 min"]),
    ("forced_workers", {"forces": {"web/1": {"ROLLOUT_FORCE_ALL": "off"}}}, ["web/1 sets ROLLOUT_FORCE_ALL=off"]),
    ("retired_engine", {"retired": ("users/legacy.py",)}, ["COMPLETE", "Delete it", "users/legacy.py"]),
]

FEATURE: list[Case] = [
    (
        "ready",
        {"verdict": "ready", "verdict_for": timedelta(hours=26, minutes=4)},
        [f"{USERS} has been READY for 26 h at PARTIAL 10 %", f"manage.py rollout advance {USERS} --reason …"],
    ),
    ("ready", {"verdict": "advance"}, []),
    (
        "rolled_back",
        {"position": at(Stage.DISABLED), "flight": FlightSeen(12, 3 * HOUR, "guard", "v4 is worse")},
        ["was rolled back 3 h ago by guard (v4 is worse)", "manage.py rollout flight 12"],
    ),
    ("rolled_back", {"flight": FlightSeen(12, 3 * HOUR, "guard", "v4 is worse")}, []),
    ("rolled_back", {"position": at(Stage.DISABLED)}, []),
    (
        "failing_operation",
        {"operations": on_users(candidate=ArmSeen(1000, 42, 105.0))},
        ["v4 fails 4.2 % of users.list, v3 0.1 % (1,000 and 9,000 calls in 24 h)"],
    ),
    ("failing_operation", {"operations": on_users(ArmSeen(9000, 270, 100.0), ArmSeen(1000, 42, 105.0))}, []),
    ("failing_operation", {"operations": on_users(candidate=ArmSeen(99, 42, 105.0))}, []),
    ("failing_operation", {"operations": on_users(ArmSeen(), ArmSeen(100_000, 6, 105.0))}, []),
    (
        "slow_operation",
        {"operations": on_users(candidate=ArmSeen(1000, 1, 310.0))},
        ["v4's p95 of users.list is 3.1 × v3's: 310 ms against 100 ms (1,000 and 9,000 calls in 24 h)"],
    ),
    ("slow_operation", {"operations": on_users(candidate=ArmSeen(99, 1, 310.0))}, []),
    ("slow_operation", {"operations": on_users(ArmSeen(9000, 9, 1.0), ArmSeen(1000, 1, 3.0))}, []),
    ("slow_operation", {"operations": on_users(ArmSeen(9000, 9, 0.0), ArmSeen(1000, 1, 300.0))}, []),
    ("no_traffic", {"last_call_ago": timedelta(hours=2, minutes=5)}, ["No traffic for 2 h", USERS]),
    ("no_traffic", {"last_call_ago": timedelta(hours=1, minutes=59)}, []),
    ("no_traffic", {"last_call_ago": None}, [f"No call of {USERS} was ever counted", "ROLLOUT_PULSE=on"]),
    ("no_traffic", {"last_call_ago": None, "here_for": HOUR}, []),
    ("no_traffic", {"last_call_ago": None, "is_measured": False}, []),
    ("no_traffic", {"last_call_ago": None, "position": at(Stage.COMPLETE)}, []),
    (
        "one_sided",
        {"operations": on_users(candidate=ArmSeen())},
        [f"All 9,000 calls of {USERS} in 24 h were v3's, although 10 % of people", "nothing to compare with"],
    ),
    ("one_sided", {"operations": on_users(control=ArmSeen())}, ["All 1,000 calls", "were v4's"]),
    ("one_sided", {"operations": on_users(candidate=ArmSeen()), "share": 0.1}, []),
    ("one_sided", {"operations": on_users(control=ArmSeen()), "share": 100.0}, []),
    ("one_sided", {"operations": on_users(candidate=ArmSeen()), "position": at(Stage.DISABLED)}, []),
    ("little_evidence", {"evidence_share": 0.12}, [f"Only 12 % of the calls of {USERS} can be evidence: "]),
    ("little_evidence", {"evidence_share": 0.5}, []),
    ("little_evidence", {"evidence_share": None}, []),
    (
        "long_in_testing",
        {"position": at(Stage.TESTING), "here_for": 3 * DAY},
        ["in TESTING for 3 days", f"manage.py rollout advance {USERS} --reason …"],
    ),
    ("long_in_testing", {"position": at(Stage.TESTING), "here_for": 23 * HOUR}, []),
    ("paused", {"is_paused": True}, ["is paused at PARTIAL 10 %, for 26 h", f"manage.py rollout resume {USERS}"]),
    ("paused", {"is_paused": True, "position": at(Stage.DISABLED)}, []),
    (
        "large_holdout",
        {"position": at(Stage.FULL), "here_for": 3 * DAY},
        ["still 10 % after 3 days at FULL; 24 h were asked for", f"manage.py rollout holdout 1 {USERS} --reason …"],
    ),
    ("large_holdout", {"position": at(Stage.FULL), "here_for": 23 * HOUR}, []),
    ("large_holdout", {"position": at(Stage.FULL, holdout=1), "here_for": 3 * DAY}, []),
    ("large_holdout", {"position": at(Stage.FULL), "here_for": 3 * DAY, "dwell": None}, []),
]


def said(found: Iterator[Recommendation]) -> str:
    return "\n".join(f"{one.sentence} {one.command}" for one in found)


def assert_says(rule: Callable[[Any], Iterator[Recommendation]], seen: Any, words: list[str]) -> None:
    text = said(rule(seen))
    assert bool(text) == bool(words), text
    assert [word for word in words if word not in text] == [], text


@pytest.mark.parametrize(("rule", "changes", "words"), PLATFORM)
def test_of_the_platform(rule: str, changes: dict[str, Any], words: list[str]) -> None:
    assert_says(getattr(recommendations, rule), replace(WELL, **changes), words)


@pytest.mark.parametrize(("rule", "changes", "words"), FEATURE)
def test_of_a_feature(rule: str, changes: dict[str, Any], words: list[str]) -> None:
    assert_says(getattr(recommendations, rule), replace(GOING, **changes), words)


def test_every_rule_is_in_the_tables_with_a_case_that_speaks() -> None:
    speaking = {rule for rule, _, words in (*PLATFORM, *FEATURE) if words}
    rules = {rule.__name__ for rule in (*PLATFORM_RULES, *FEATURE_RULES, *LAST_RULES)}

    assert rules == speaking


def test_the_most_urgent_stand_first() -> None:
    found = recommended(
        replace(WELL, guard_age=None, retired=("users/legacy.py",)),
        [replace(GOING, verdict="ready"), replace(GOING, name="api_v4_reviews", evidence_share=0.1)],
    )

    assert [one.code for one in found] == ["guard_is_away", "ready", "little_evidence", "retired_engine"]
    assert [one.feature for one in found] == [None, USERS, "api_v4_reviews", None]
