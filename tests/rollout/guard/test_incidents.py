"""Whole histories through the real tables and the guard, on a clock that is turned: what it must not be fooled by."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

import pytest

from rollout import snapshot
from rollout.eligibility import Arm
from rollout.models import Failure, Flag, Look, StageChange, Step
from rollout.services import RolloutService
from tests.rollout.control import TERMS
from tests.rollout.guard.traffic import FEATURE, Guarded, call, devices, under_way

if TYPE_CHECKING:
    from rollout.guard.judging import Opinion

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROOT = "api_v4_enabled"

Chances = tuple[float, float]
"""Of failing, on v3 and on v4."""

pytestmark = pytest.mark.django_db


class History:
    """A rollout that new people call all the time; some of them fail, by chance."""

    def __init__(self, percentage: object, seed: int) -> None:
        self.guarded: Guarded = under_way(NOW, ROOT, FEATURE, percentage=percentage)
        self._random = Random(seed)
        self._people = devices()
        self.last: Opinion | None = None

    def goes_on(self, times: int, people: int, chances: Chances, **forward: float) -> list[tuple[str, str]]:
        """Let so many people call before each of so many looks, and return what the guard thought."""
        return [self._look(people, chances, forward) for _ in range(times)]

    def _look(self, people: int, chances: Chances, forward: dict[str, float]) -> tuple[str, str]:
        for who in islice(self._people, people):
            arm = snapshot.current().decide(FEATURE, who).arm
            call(who, failed=self._random.random() < chances[arm is Arm.CANDIDATE])
        found = [one for one in self.guarded.tick(**forward).opinions if one.desk.name == FEATURE]
        self.last = found[0] if found else None
        return (found[0].word, found[0].verdict.reason.value) if found else ("", "")

    @property
    def evidence(self) -> float:
        assert self.last is not None
        return self.last.evidence.regression.value


def place() -> str:
    return str(Flag.objects.get(name=FEATURE).position)


def moves() -> list[str]:
    lines = StageChange.objects.filter(feature=FEATURE, actor="guard").order_by("id")
    return [line.move for line in lines]


def failing(arm: Arm) -> int:
    return Failure.objects.filter(feature=FEATURE, metric="failures", arm=arm.value).count()


def test_an_incident_of_v3_only_does_not_send_v4_back() -> None:
    Step.objects.update(automatic=False)
    history = History(10, seed=1)

    history.goes_on(20, 60, (0.3, 0.0), minutes=3)
    during = history.evidence
    history.goes_on(60, 60, (0.02, 0.02), minutes=3)

    assert failing(Arm.CONTROL) > 250
    assert during < 1
    assert history.evidence < 100
    assert (place(), moves()) == ("PARTIAL 10 %", [])


def test_a_v4_that_was_better_for_days_and_then_is_equal_is_not_sent_back() -> None:
    Step.objects.update(automatic=False)
    history = History(25, seed=2)

    history.goes_on(48, 60, (0.03, 0.0), hours=1)
    history.goes_on(48, 60, (0.03, 0.02), hours=1)

    assert failing(Arm.CANDIDATE) > 5
    assert history.evidence < 100
    assert (place(), moves()) == ("PARTIAL 25 %", [])


def test_a_common_outage_neither_sends_v4_back_nor_proves_it() -> None:
    Step.objects.update(dwell=timedelta(minutes=30), min_requests=50)
    history = History(25, seed=3)

    history.goes_on(10, 60, (0.0, 0.0), minutes=1)
    outage = history.goes_on(10, 60, (0.5, 0.5), minutes=1)
    after = history.goes_on(30, 60, (0.0, 0.0), minutes=1)

    assert ("hold", "shared_fault") in outage
    assert not {word for word, _ in (*outage, *after)} & {"rollback", "advance"}
    assert after[-1] == ("hold", "not_enough_evidence")
    assert history.last is not None
    assert "an end of the doubt" in history.last.verdict.sentence
    assert (place(), moves()) == ("PARTIAL 25 %", [])


def test_at_full_a_v4_that_fails_twenty_percent_goes_back_by_its_limit_at_the_first_look() -> None:
    history = History(50, seed=4)
    RolloutService(lambda: history.guarded.now).advance([ROOT, FEATURE], **TERMS)
    history.guarded.tick()
    history.goes_on(5, 60, (0.0, 0.0), seconds=30)
    assert place() == "FULL less 10 % holdout"

    found = history.goes_on(1, 300, (0.0, 0.2), minutes=1)

    assert found == [("rollback", "slo")]
    assert (place(), moves()) == ("DISABLED", ["rollback"])
    assert StageChange.objects.get(feature=FEATURE, actor="guard").evidence["excesses"][0]["failing"] > 20


def test_at_ten_percent_a_v4_that_fails_twenty_percent_goes_back_after_few_people() -> None:
    history = History(10, seed=5)
    history.goes_on(12, 300, (0.0, 0.0), minutes=1)

    history.goes_on(12, 25, (0.0, 0.2), seconds=5)

    assert moves() == ["rollback"]
    assert failing(Arm.CANDIDATE) <= 8


@pytest.mark.parametrize("seed", range(3))
def test_a_v4_that_is_as_good_as_v3_goes_all_the_way_by_itself(seed: int) -> None:
    Step.objects.update(dwell=timedelta(minutes=20), min_requests=50)
    history = History(10, seed=seed)

    history.goes_on(100, 60, (0.005, 0.005), minutes=1)

    assert moves() == ["advance"] * 3 + ["holdout"]
    assert place() == "FULL less 1 % holdout"
    assert not Look.objects.filter(feature=FEATURE, verdict="rollback").exists()


def test_nothing_is_decided_while_nobody_calls() -> None:
    Step.objects.update(dwell=timedelta(0), min_requests=0)
    history = History(10, seed=6)

    found = history.goes_on(5, 0, (0.0, 0.0), minutes=4)

    assert found == [("hold", "no_data")] * 5
    assert moves() == []
