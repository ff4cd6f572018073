"""Who may move what over HTTP, and each move once."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from rollout.models import Drill, Flag, Override, StageChange
from rollout.services import RolloutService
from tests.rollout.api.callers import (
    BASE,
    READS,
    REVIEWS,
    ROOT,
    STOPS,
    WHY,
    WIDENERS,
    Caller,
    to_full,
    where,
)
from tests.rollout.control import TERMS


@pytest.mark.django_db
class TestAuthority:
    """Reading, stopping and widening need different scopes."""

    @pytest.mark.parametrize("path", READS)
    @pytest.mark.parametrize(
        ("scopes", "status"),
        [((), 401), (("catalog:read",), 403), (("rollout:rollback",), 403), (("rollout:read",), 200), (("ops",), 200)],
    )
    def test_reading_needs_rollout_read_or_ops(self, path: str, scopes: tuple[str, ...], status: int) -> None:
        response = Caller(*scopes).get(path)

        assert response.status_code == status

    @pytest.mark.parametrize("path", STOPS)
    @pytest.mark.parametrize(
        ("scopes", "status"),
        [((), 401), (("rollout:read",), 403), (("rollout:rollback",), 200), (("ops",), 200)],
    )
    def test_stopping_needs_rollout_rollback_or_ops(
        self, service: RolloutService, path: str, scopes: tuple[str, ...], status: int
    ) -> None:
        service.start(ROOT, **TERMS)

        assert Caller(*scopes).move(path).status_code == status

    @pytest.mark.parametrize("path", [*WIDENERS, "reopen"])
    @pytest.mark.parametrize(("scopes", "status"), [((), 401), (("rollout:read", "rollout:rollback"), 403)])
    def test_everything_else_needs_ops(self, path: str, scopes: tuple[str, ...], status: int) -> None:
        response = Caller(*scopes).move(path, **WIDENERS.get(path, {}))

        assert (response.status_code, StageChange.objects.count()) == (status, 0)

    def test_a_session_of_the_admin_opens_nothing(self, admin_client: Client) -> None:
        response = admin_client.get(f"{BASE}/status", secure=True)

        assert response.status_code == 401

    def test_it_stays_open_while_every_feature_is_disabled(self, ops: Caller) -> None:
        assert ops.get("status").status_code == 200


@pytest.mark.django_db
class TestMoves:
    """Each move does what the service does, with one line in the ledger."""

    PREPARED = {"advance": "start", "percentage": "start", "pause": "start", "rollback": "start", "holdout": "start"}

    @pytest.mark.parametrize(
        "path", ["start", "advance", "percentage", "pause", "rollback", "holdout", "override", "testers", "drill"]
    )
    def test_a_move_writes_one_line_in_the_name_of_the_key(
        self, ops: Caller, service: RolloutService, path: str
    ) -> None:
        if path in self.PREPARED:
            service.start(ROOT, **TERMS)
        before = StageChange.objects.count()

        response = ops.move(path, **WIDENERS.get(path, {}))

        line = StageChange.objects.latest("id")
        assert response.status_code == 200, response.json()
        assert StageChange.objects.count() == before + 1
        assert (line.actor, line.reason) == (ops.name, "a test")
        assert line.request_id == response["X-Request-ID"]

    def test_resume_lifts_a_pause(self, ops: Caller, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        service.pause(ROOT, **TERMS)

        ops.move("resume")

        assert not Flag.objects.named(ROOT).paused

    def test_percentage_takes_a_number_or_a_text(self, ops: Caller, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)

        for percentage, place in ((10, "PARTIAL 10 %"), ("12.25", "PARTIAL 12.25 %"), (0.5, "PARTIAL 0.5 %")):
            ops.move("percentage", percentage=percentage)
            assert where(ROOT) == place

    def test_complete_needs_the_certificate_or_force(self, ops: Caller, service: RolloutService) -> None:
        to_full(service)

        refused, done = ops.move("complete"), ops.move("complete", force=True)

        assert (refused.status_code, refused.json()["code"]) == (409, "certificate_missing")
        assert (done.status_code, where(ROOT)) == (200, "COMPLETE")

    def test_reopen_is_refused_to_every_key(self, ops: Caller, service: RolloutService) -> None:
        to_full(service)
        service.complete(ROOT, force=True, **TERMS)

        response = ops.move("reopen")

        assert (response.status_code, response.json()["code"]) == (403, "superuser_required")

    @pytest.mark.parametrize(("state", "stored"), [("on", [True]), ("off", [False]), ("clear", [])])
    def test_an_override_is_on_off_or_cleared(
        self, ops: Caller, service: RolloutService, state: str, stored: list[bool]
    ) -> None:
        service.override(ROOT, "u:1", state != "on", **TERMS)

        ops.move("override", identity="u:1", state=state)

        assert list(Override.objects.values_list("is_in", flat=True)) == stored

    def test_a_drill_is_begun_and_ended(self, ops: Caller) -> None:
        ops.move("drill", fault="slow", delay_ms=250, rate=0.5, lasts_s=90, operation="restaurants.search")
        begun = Drill.objects.get()

        ops.move("drill/end")

        assert (begun.fault, begun.delay_ms, begun.rate, begun.operation) == ("slow", 250, 0.5, "restaurants.search")
        assert not Drill.objects.live(timezone.now()).exists()

    def test_a_report_says_from_where_to_where_and_which_line(self, ops: Caller) -> None:
        data = ops.move("start").json()["data"]

        (outcome,) = data["features"]
        assert (data["move"], outcome["result"]) == ("start", "moved")
        assert (outcome["from"]["stage"], outcome["to"]["stage"]) == ("disabled", "testing")
        assert outcome["ledger"]["hash"] == StageChange.objects.get().hash

    def test_doing_it_again_is_already_so(self, ops: Caller) -> None:
        ops.move("start")

        (outcome,) = ops.move("start").json()["data"]["features"]

        assert (outcome["result"], StageChange.objects.count()) == ("already_so", 1)

    def test_rollback_takes_what_stands_on_it_along(self, ops: Caller, service: RolloutService) -> None:
        service.start([ROOT, REVIEWS], **TERMS)

        ops.move("rollback")

        assert (where(ROOT), where(REVIEWS)) == ("DISABLED", "DISABLED")

    @pytest.mark.parametrize("chosen", [{"all": True}, {"cohort": "api_v4"}])
    def test_features_are_chosen_by_cohort_or_all(self, ops: Caller, chosen: dict[str, Any]) -> None:
        response = ops.post("start", {**chosen, **WHY})

        assert len(response.json()["data"]["features"]) == 8
        assert set(Flag.objects.values_list("stage", flat=True)) == {"testing"}

    @pytest.mark.parametrize(("path", "body"), [("start", {"dry_run": True}), ("start?dry_run=true", {})])
    def test_a_dry_run_says_it_and_does_nothing(self, ops: Caller, path: str, body: dict[str, Any]) -> None:
        data = ops.move(path, **body).json()["data"]

        assert (data["dry_run"], data["features"][0]["to"]["stage"]) == (True, "testing")
        assert (where(ROOT), StageChange.objects.count()) == ("DISABLED", 0)
