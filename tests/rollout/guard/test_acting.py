"""What follows from a verdict, on real tables: steps, rollbacks and whom they take along, what holds the guard back."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg2
import pytest
from django.db import connection

from rollout import pulse, registry, snapshot
from rollout.alert_kinds import Kind, Raised
from rollout.eligibility import Arm
from rollout.guard import Evaluator
from rollout.guard.judging import Opinion
from rollout.identity import Identity
from rollout.models import Flag, StageChange, Step
from rollout.services import RolloutService
from rollout.stages import Stage
from tests.rollout.control import TERMS
from tests.rollout.guard.traffic import FEATURE, Guarded, call, devices, under_way

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ROOT, OTHER = "api_v4_enabled", "api_v4_reviews"
TOGGLES = ["api_v4_cache", "api_v4_error_handling", "api_v4_validation"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded() -> Guarded:
    """One domain and what it stands on at 25 %, whose steps ask for an hour and ten calls."""
    Step.objects.update(dwell=timedelta(hours=1), min_requests=10)
    return under_way(NOW, ROOT, FEATURE, percentage=25)


def place_of(name: str) -> str:
    return str(Flag.objects.get(name=name).position)


def stages() -> dict[str, str]:
    return dict(Flag.objects.values_list("name", "stage"))


def moves(name: str = FEATURE) -> list[str]:
    lines = StageChange.objects.filter(feature=name, actor="guard").order_by("id")
    return [line.move for line in lines]


def serve(guarded: Guarded, count: int, feature: str = FEATURE, failing: bool = False, start: int = 0) -> None:
    """Have so many people call as they come; where `failing`, those on v4 fail."""
    for who in islice(devices(), start, start + count):
        is_on_v4 = snapshot.current().decide(feature, who).arm is Arm.CANDIDATE
        operation = {FEATURE: "restaurants.search", OTHER: "reviews.list"}[feature]
        call(who, failed=failing and is_on_v4, feature=feature, operation=operation)


def concluded(guarded: Guarded, name: str = FEATURE, **forward: float) -> tuple[str, str]:
    return next(_verdict(one) for one in guarded.tick(**forward).opinions if one.desk.name == name)


def _verdict(one: Opinion) -> tuple[str, str]:
    return one.word, one.verdict.reason.value


def wait(guarded: Guarded, **forward: float) -> None:
    """Go forward without being away for over five minutes."""
    guarded.now += timedelta(**forward)
    guarded.tick()


# Forwards


def test_a_step_is_left_once_its_dwell_is_over_its_calls_are_there_and_nothing_is_unproven(guarded: Guarded) -> None:
    serve(guarded, 600)
    assert concluded(guarded, minutes=4) == ("hold", "not_enough_evidence")
    assert place_of(FEATURE) == "PARTIAL 25 %"

    wait(guarded, minutes=57)
    serve(guarded, 20, start=600)
    assert concluded(guarded) == ("advance", "proven")

    assert place_of(FEATURE) == "PARTIAL 50 %"
    line = StageChange.objects.get(feature=FEATURE, actor="guard")
    assert (line.move, line.details.get("notes")) == ("advance", None)
    assert line.evidence["reason"] == "proven"
    assert concluded(guarded) == ("hold", "not_enough_evidence")
    assert moves() == ["advance"]


def ready_to_go_on(guarded: Guarded) -> None:
    serve(guarded, 600)
    guarded.tick()
    wait(guarded, minutes=61)
    serve(guarded, 20, start=600)


@pytest.mark.parametrize(
    "held_back",
    [
        lambda: Step.objects.filter(flag__name=FEATURE, percentage=25).update(automatic=False),
        lambda: Step.objects.filter(flag__name=FEATURE, percentage=25).update(percentage=20),
        lambda: Step.objects.filter(flag__name=FEATURE, percentage__gt=25).delete(),
        lambda: RolloutService(lambda: NOW).pause(FEATURE, **TERMS),
    ],
    ids=["by hand", "off the plan", "end of the plan", "paused"],
)
def test_what_a_person_is_to_decide_is_ready_and_stays(guarded: Guarded, held_back: Callable[[], Any]) -> None:
    held_back()
    ready_to_go_on(guarded)

    assert concluded(guarded) == ("ready", "proven")

    assert place_of(FEATURE) == "PARTIAL 25 %"
    assert moves() == []


def test_with_hardly_any_calls_that_may_be_evidence_no_step_is_taken_by_itself(guarded: Guarded) -> None:
    ready_to_go_on(guarded)
    for number in range(3000):
        call(Identity(f"n:{number}", "network"))

    assert concluded(guarded) == ("ready", "proven")


def test_a_step_with_too_few_calls_waits(guarded: Guarded) -> None:
    Step.objects.update(min_requests=1000)
    ready_to_go_on(guarded)

    assert concluded(guarded) == ("hold", "not_enough_evidence")


def test_a_paused_feature_still_goes_back(guarded: Guarded) -> None:
    RolloutService(lambda: NOW).pause(FEATURE, **TERMS)
    serve(guarded, 200, failing=True)

    assert concluded(guarded) == ("rollback", "regressed")
    assert place_of(FEATURE) == "DISABLED"


# FULL and its holdout


@pytest.fixture
def full(guarded: Guarded) -> Guarded:
    """The domain and what it stands on at FULL with the first holdout, which has stood its dwell."""
    service = RolloutService(lambda: guarded.now)
    service.set_percentage(50, [ROOT, FEATURE], **TERMS)
    service.advance([ROOT, FEATURE], **TERMS)
    guarded.tick()
    assert place_of(FEATURE) == "FULL less 10 % holdout"
    serve(guarded, 300)
    guarded.tick()
    wait(guarded, minutes=61)
    return guarded


def test_the_holdout_of_full_is_ten_percent_in_the_first_dwell_and_then_one(full: Guarded) -> None:
    serve(full, 20, start=300)

    assert concluded(full) == ("ready", "proven")

    assert place_of(FEATURE) == "FULL less 1 % holdout"
    for _ in range(3):
        full.tick()
    assert moves() == ["holdout"]


def test_also_where_somebody_made_the_last_step_automatic(full: Guarded) -> None:
    Step.objects.update(automatic=True)
    serve(full, 20, start=300)
    for _ in range(3):
        full.tick()

    assert moves() == ["holdout"]


def test_a_pause_holds_the_holdout_too(full: Guarded) -> None:
    RolloutService(lambda: full.now).pause(FEATURE, **TERMS)
    serve(full, 20, start=300)
    full.tick()

    assert place_of(FEATURE) == "FULL less 10 % holdout"


def test_a_holdout_that_somebody_set_at_full_stays(full: Guarded) -> None:
    RolloutService(lambda: full.now).set_holdout(5, FEATURE, **TERMS)
    serve(full, 20, start=300)
    full.tick()

    assert place_of(FEATURE) == "FULL less 5 % holdout"
    assert moves() == []


# Backwards


def serve_every_domain(failing_of: Callable[[str], int]) -> None:
    """Have 300 people of its own call each domain; so many of those on v4 fail."""
    operations = {feature: operation for operation, feature in registry.operations().items()}
    for number, (feature, operation) in enumerate(operations.items()):
        people = list(islice(devices(), 300 * number, 300 * number + 300))
        on_v4 = [who for who in people if snapshot.current().decide(feature, who).arm is Arm.CANDIDATE]
        for who in people:
            call(who, failed=who in on_v4[: failing_of(feature)], feature=feature, operation=operation)


def test_where_no_domain_is_to_blame_the_root_goes_back_and_takes_all_that_stands_on_it_along() -> None:
    guarded = under_way(NOW)
    serve_every_domain(lambda _: 2)

    looked = guarded.tick()

    assert {one.desk.name for one in looked.opinions if one.word == "rollback"} == {ROOT}
    assert set(stages().values()) == {Stage.DISABLED}
    assert StageChange.objects.filter(move="rollback", actor="guard").count() == 8


def test_where_a_domain_is_suspected_that_one_goes_back_in_place_of_the_root() -> None:
    guarded = under_way(NOW)
    serve_every_domain(lambda feature: 4 if feature == FEATURE else 1)

    looked = guarded.tick()

    assert {one.desk.name for one in looked.opinions if one.word == "rollback"} == {ROOT}
    back = sorted(name for name, stage in stages().items() if stage == Stage.DISABLED)
    assert back == sorted([FEATURE, *TOGGLES])


def test_a_domain_takes_the_toggles_along_and_no_other_domain() -> None:
    guarded = under_way(NOW, percentage=25)
    serve(guarded, 100, failing=True)
    serve(guarded, 100, OTHER)

    guarded.tick()

    back = sorted(name for name, stage in stages().items() if stage == Stage.DISABLED)
    assert back == sorted([FEATURE, *TOGGLES])
    assert StageChange.objects.filter(move="rollback").count() == 4


def test_the_root_stands_back_for_a_domain_that_goes_back(guarded: Guarded) -> None:
    serve(guarded, 200, failing=True)

    looked = guarded.tick()

    assert {one.desk.name: one.word for one in looked.opinions} == {ROOT: "rollback", FEATURE: "rollback"}
    assert (place_of(ROOT), place_of(FEATURE)) == ("PARTIAL 25 %", "DISABLED")


def test_a_domain_that_begins_anew_does_not_bring_its_old_failures_to_the_root(guarded: Guarded) -> None:
    serve(guarded, 200, failing=True)
    guarded.tick()
    assert place_of(FEATURE) == "DISABLED"

    guarded.tick(minutes=4)
    service = RolloutService(lambda: guarded.now)
    service.start(FEATURE, **TERMS)
    service.set_percentage(25, FEATURE, **TERMS)
    guarded.tick()
    serve(guarded, 100)
    looked = guarded.tick(seconds=30)

    assert {one.desk.name: one.word for one in looked.opinions} == {ROOT: "hold", FEATURE: "hold"}
    assert (place_of(ROOT), place_of(FEATURE)) == ("PARTIAL 25 %", "PARTIAL 25 %")


def test_an_alert_that_cannot_be_stored_keeps_nobody_from_going_back(guarded: Guarded) -> None:
    serve(guarded, 200, failing=True)
    guarded.now += timedelta(seconds=1)
    pulse.beat(guarded.now)

    ticked = guarded.evaluator.tick(guarded.now, found=[Raised(Kind.HIGH_CPU, "no text: \0")])

    assert ticked.moves
    assert (place_of(FEATURE), moves()) == ("DISABLED", ["rollback"])


# Somebody else is moving


class Meddler:
    """Does something just after the guard has judged, once."""

    def __init__(self, what: Callable[[], Any]) -> None:
        self._what: Callable[[], Any] | None = what

    def __call__(self, passed: str) -> None:
        if passed == "judged" and self._what is not None:
            what, self._what = self._what, None
            what()


def test_a_pause_between_judging_and_acting_refuses_the_step_and_the_next_look_holds_it(guarded: Guarded) -> None:
    ready_to_go_on(guarded)
    guarded.evaluator = Evaluator(Meddler(lambda: RolloutService(lambda: guarded.now).pause(FEATURE, **TERMS)))
    guarded.now += timedelta(seconds=10)

    assert concluded(guarded) == ("advance", "proven")
    assert place_of(FEATURE) == "PARTIAL 25 %"

    assert concluded(guarded) == ("ready", "proven")
    assert moves() == []


def test_a_pause_between_judging_and_acting_delays_a_rollback_by_one_look(guarded: Guarded) -> None:
    serve(guarded, 200, failing=True)
    guarded.evaluator = Evaluator(Meddler(lambda: RolloutService(lambda: guarded.now).pause(FEATURE, **TERMS)))
    guarded.now += timedelta(seconds=10)

    guarded.tick()
    assert place_of(FEATURE) == "PARTIAL 25 %"

    guarded.tick()
    assert place_of(FEATURE) == "DISABLED"
    assert moves() == ["rollback"]


@pytest.fixture
def held() -> Iterator[Callable[[], None]]:
    """Another connection that locks the feature's row, until it is closed."""
    other = psycopg2.connect(**connection.get_connection_params())
    with other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM rollout_flag WHERE name = %s FOR UPDATE", [FEATURE])
    yield other.close
    other.close()


@pytest.mark.django_db(transaction=True)
def test_features_that_somebody_else_holds_are_moved_by_the_next_look_and_the_look_itself_stands(
    guarded: Guarded, request: pytest.FixtureRequest
) -> None:
    serve(guarded, 200, failing=True)
    let_go = request.getfixturevalue("held")

    assert concluded(guarded) == ("rollback", "regressed")
    assert place_of(FEATURE) == "PARTIAL 25 %"
    let_go()

    guarded.tick()
    assert place_of(FEATURE) == "DISABLED"
    assert moves() == ["rollback"]
