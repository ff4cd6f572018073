"""The whole picture, as machines read it."""

from datetime import timedelta
from typing import Any
from unittest.mock import ANY
from uuid import uuid4

import pytest

from rollout.alert_kinds import Kind, Raised
from rollout.alerts import raise_one, reconcile
from rollout.models import Flag, Guard, Judgement
from rollout.moves import Selection
from rollout.repositories import UnknownFeature
from rollout.services import RolloutService
from tests.rollout.control import START, TERMS, Clock, newest, worker

pytestmark = pytest.mark.django_db

ALL = Selection(everything=True)


@pytest.fixture
def service() -> RolloutService:
    return RolloutService(Clock())


def test_the_document_has_exactly_the_keys_that_are_documented(service: RolloutService) -> None:
    picture = service.status()

    assert picture.keys() == {
        "timestamp",
        "overall_status",
        "feature_flags",
        "stages",
        "propagation",
        "rollout",
        "guard",
        "ledger_head",
    }
    assert picture["timestamp"] == START.isoformat()
    assert picture["overall_status"] == {"enabled_features": 0, "total_features": 8, "migration_percentage": 0.0}
    assert picture["stages"] == {"disabled": 8, "testing": 0, "partial": 0, "full": 0, "complete": 0}
    feature = picture["feature_flags"]["api_v4_users"]
    assert feature.keys() >= {
        "enabled",
        "description",
        "stage",
        "percentage",
        "paused",
        "attempt",
        "version",
        "verdict",
        "effective_percentage",
    }
    assert picture["propagation"].keys() >= {"version", "workers", "current", "slowest_s"}


def test_what_nobody_records_is_null_and_never_a_number(service: RolloutService) -> None:
    """The original fails it: its health was judged on metrics that nobody recorded. We pass it."""
    told = service.status()["rollout"]

    assert told["current_stage"] == "disabled"
    assert [told[name] for name in ("total_users_affected", "is_healthy", "error_rate")] == [None] * 3


def test_the_guards_judgement_is_shown_for_the_present_attempt_only(service: RolloutService) -> None:
    flag = Flag.objects.get(name="api_v4_users")
    document = {"people": {"reached": 7}, "window": {"candidate": {"calls": 40, "failures": 1}}}
    told = {"verdict": "hold", "reason": "no_data", "sentence": "Nobody.", "evidence": 1.5}
    Judgement.objects.create(flag=flag, at=START, attempt=0, flag_version=0, document=document, **told)
    Guard.objects.create(leader=uuid4(), host="web", pid=7, ticked_at=START - timedelta(seconds=31))

    picture = service.status()

    assert picture["feature_flags"]["api_v4_users"]["verdict"] == {**told, "at": START.isoformat()}
    assert picture["guard"] == {"leader": "web/7", "ticked_at": ANY, "is_stalled": True}
    summary = picture["rollout"]
    assert (summary["total_users_affected"], summary["error_rate"], summary["is_healthy"]) == (7, 2.5, False)

    service.start("api_v4_enabled", **TERMS)
    service.start("api_v4_users", **TERMS)

    assert service.status()["feature_flags"]["api_v4_users"]["verdict"] is None


def test_open_alerts_are_counted(service: RolloutService) -> None:
    for kind in (Kind.HIGH_CPU, Kind.HIGH_MEMORY):
        raise_one(Raised(kind, "at 93 %"), START)
    reconcile([Raised(Kind.HIGH_CPU, "at 93 %")], START + timedelta(seconds=30))

    assert service.status()["rollout"]["alerts_count"] == 1


def test_the_migration_is_as_far_as_its_last_feature(service: RolloutService) -> None:
    service.start(ALL, **TERMS)
    service.set_percentage(25, ALL, **TERMS)
    service.set_percentage(10, "api_v4_cache", **TERMS)

    picture = service.status()

    assert picture["overall_status"]["migration_percentage"] == 10
    assert (picture["rollout"]["current_percentage"], picture["rollout"]["current_stage"]) == (10, "partial")


def test_a_feature_is_on_for_nobody_whom_its_prerequisite_leaves_out(service: RolloutService) -> None:
    service.start(ALL, **TERMS)
    service.set_percentage(10, ALL, **TERMS)
    service.set_percentage(50, "api_v4_users", **TERMS)

    feature = service.status()["feature_flags"]["api_v4_users"]

    assert (feature["percentage"], feature["effective_percentage"]) == (50, 10)


def test_another_cohort_is_independent_so_shares_multiply(service: RolloutService) -> None:
    service.start(ALL, **TERMS)
    service.set_percentage(50, ALL, **TERMS)
    Flag.objects.filter(name="api_v4_users").update(cohort="other")

    assert service.status()["feature_flags"]["api_v4_users"]["effective_percentage"] == 25


def test_only_the_named_features_are_shown_but_all_are_counted(service: RolloutService) -> None:
    picture = service.status(["api_v4_users"])

    assert list(picture["feature_flags"]) == ["api_v4_users"]
    assert picture["overall_status"]["total_features"] == 8


def test_an_unknown_feature_is_refused_by_name(service: RolloutService) -> None:
    with pytest.raises(UnknownFeature, match="nix"):
        service.status(["nix"])


def test_the_head_of_the_ledger_is_published(service: RolloutService) -> None:
    service.start(ALL, **TERMS)

    assert service.status()["ledger_head"] == newest().hash


def test_workers_are_counted(service: RolloutService) -> None:
    worker(1)
    worker(2, version=0)

    told = service.status()["propagation"]

    assert (told["workers"], told["current"], told["behind"]) == (2, 1, ["web/2"])


@pytest.mark.parametrize("features", [1, 8])
def test_the_picture_costs_the_same_queries_however_many_features_there_are(
    service: RolloutService, features: int, django_assert_num_queries: Any
) -> None:
    first = Flag.objects.named("api_v4_enabled")
    Flag.objects.filter(pk__gt=first.pk + features - 1).delete()

    with django_assert_num_queries(6):
        service.status()


class TestExplain:
    """Why one identity is served by one engine."""

    def test_says_who_serves_it_and_why(self, service: RolloutService) -> None:
        service.start(ALL, **TERMS)
        service.set_percentage(10, ALL, **TERMS)
        service.override("api_v4_enabled", "u:3", True, **TERMS)
        service.override("api_v4_users", "u:3", True, **TERMS)

        told = service.explain("api_v4_users", "u:3")

        assert (told["served_by"], told["reason"], told["why"]) == ("v4", "override", "this identity has an override")

    @pytest.mark.parametrize(
        ("prepare", "why"),
        [
            (lambda service: None, "the feature is DISABLED"),
            (
                lambda service: service.start("api_v4_enabled", **TERMS),
                "the feature is in TESTING, and it is no tester",
            ),
            (
                lambda service: (
                    service.start("api_v4_enabled", **TERMS),
                    service.set_percentage(100, "api_v4_enabled", **TERMS),
                ),
                "its slot lies inside the 100 %",
            ),
            (
                lambda service: (
                    service.start("api_v4_enabled", **TERMS),
                    service.set_percentage(100, "api_v4_enabled", **TERMS),
                    service.advance("api_v4_enabled", **TERMS),
                ),
                "the feature is FULL",
            ),
        ],
    )
    def test_in_words_for_every_stage(self, service: RolloutService, prepare: Any, why: str) -> None:
        prepare(service)

        assert service.explain("api_v4_enabled", "u:3")["why"] == why

    def test_names_the_prerequisite(self, service: RolloutService) -> None:
        service.start("api_v4_users", force=True, **TERMS)

        assert service.explain("api_v4_users", "u:3")["why"] == "it is not in api_v4_enabled, which this stands on"
