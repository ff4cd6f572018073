"""The guard from end to end on real tables: what workers deliver, what it concludes, what it moves."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from rollout.eligibility import Arm
from rollout.guard.loop import know_operations
from rollout.models import Failure, FailureReport, Flag, Judgement, Sighting, SightingReport, StageChange
from rollout.services import RolloutService
from rollout.stages import Stage
from tests.rollout.control import TERMS
from tests.rollout.guard.traffic import FEATURE, Guarded, devices

NOW = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def guarded() -> Guarded:
    """Everything at 10 %, a worker that knows it, and a guard that has had its first look."""
    know_operations()
    service = RolloutService(lambda: NOW)
    names = list(Flag.objects.values_list("name", flat=True))
    service.start(names, **TERMS)
    service.set_percentage(10, names, **TERMS)
    guarded = Guarded(NOW)
    guarded.tick()
    return guarded


def stage_of(name: str) -> str:
    return Flag.objects.get(name=name).stage


def test_five_people_who_fail_on_v4_alone_end_the_rollout_of_that_domain_and_its_toggles(guarded: Guarded) -> None:
    guarded.serve(islice(devices(Arm.CONTROL), 200))
    guarded.serve(islice(devices(Arm.CANDIDATE), 20))
    assert [one.verdict.reason for one in guarded.tick().opinions if one.desk.name == FEATURE] == [
        "not_enough_evidence"
    ]

    guarded.serve(islice(devices(Arm.CANDIDATE), 10), failed=True)
    ticked = guarded.tick()

    assert stage_of(FEATURE) == Stage.DISABLED
    assert stage_of("api_v4_cache") == Stage.DISABLED
    assert stage_of("api_v4_reviews") == Stage.PARTIAL
    line = StageChange.objects.get(feature=FEATURE, move="rollback")
    assert line.actor == "guard"
    assert line.evidence["reason"] == "regressed"
    assert line.evidence["evidence"]["culprits"]
    assert ticked.moves
    assert Judgement.objects.get(flag__name=FEATURE).verdict == "rollback"


def test_what_was_reported_is_taken_in_once(guarded: Guarded) -> None:
    people = list(islice(devices(Arm.CANDIDATE), 2))
    guarded.serve(people, failed=True)
    guarded.serve(people, failed=True)

    guarded.tick()
    guarded.serve(people, failed=True)
    guarded.tick()

    assert not FailureReport.objects.exists()
    assert not SightingReport.objects.exists()
    assert Failure.objects.filter(feature=FEATURE).count() == 2
    assert Sighting.objects.filter(feature=FEATURE).count() == 2
