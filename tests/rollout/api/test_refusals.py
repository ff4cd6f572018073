"""What is refused over HTTP, and how."""

import json
from typing import Any

import pytest

from rollout.models import StageChange
from rollout.services import RolloutService
from tests.rollout.api.callers import (
    BASE,
    REVIEWS,
    ROOT,
    WHY,
    Answer,
    Caller,
    because,
    where,
)
from tests.rollout.control import TERMS


@pytest.mark.django_db
class TestRefusals:
    """What is refused is a problem with its code and what helps, and changes nothing."""

    def problem(self, response: Answer, status: int, code: str) -> dict[str, Any]:
        body: dict[str, Any] = response.json()
        assert (response.status_code, body["code"], response["Content-Type"]) == (
            status,
            code,
            "application/problem+json",
        )
        return body

    @pytest.mark.parametrize(
        "path",
        [
            "features/api_v4_review",
            "explain?feature=api_v4_review&identity=u:1",
            "status?feature=api_v4_review",
            "history?feature=api_v4_review",
        ],
    )
    def test_an_unknown_feature_is_404_with_the_nearest_name(self, ops: Caller, path: str) -> None:
        body = self.problem(ops.get(path), 404, "unknown_feature")

        assert f"Did you mean {REVIEWS}?" in body["hint"]

    def test_an_unknown_feature_cannot_be_moved(self, ops: Caller) -> None:
        self.problem(ops.move("start", "nothing_like_it"), 404, "unknown_feature")

    def test_an_illegal_move_is_409_and_names_the_one_that_helps(self, ops: Caller) -> None:
        body = self.problem(ops.move("advance"), 409, "illegal_move")

        assert "rollout start" in body["hint"]

    def test_zero_percent_names_rollback(self, ops: Caller, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)

        body = self.problem(ops.move("percentage", percentage=0), 409, "illegal_move")

        assert "rollback" in body["hint"]

    def test_a_disabled_prerequisite_is_409_unless_forced(self, ops: Caller) -> None:
        self.problem(ops.move("start", REVIEWS), 409, "prerequisite_disabled")

        assert ops.move("start", REVIEWS, force=True).status_code == 200

    def test_a_bulk_move_says_of_each_feature_what_became_of_it(self, ops: Caller, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)

        body = self.problem(ops.move("advance", ROOT, REVIEWS), 409, "moves_refused")

        results = {one["feature"]: one["result"] for one in body["meta"]["report"]["features"]}
        assert results == {ROOT: "not_done", REVIEWS: "refused"}
        assert where(ROOT) == "TESTING"

    def test_a_stale_version_is_409_and_says_what_changed(self, ops: Caller, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        service.advance(ROOT, **because("while you were away"))

        body = self.problem(ops.move("advance", expect_version=1), 409, "stale_version")

        assert [change["reason"] for change in body["meta"]["changes"]] == ["while you were away"]
        assert where(ROOT) == "PARTIAL 1 %"

    def test_versions_are_expected_by_name_for_several(self, ops: Caller, service: RolloutService) -> None:
        service.start([ROOT, REVIEWS], **TERMS)

        stale = ops.move("pause", ROOT, REVIEWS, expect_version={ROOT: 1, REVIEWS: 0})
        right = ops.move("pause", ROOT, REVIEWS, expect_version={ROOT: 1, REVIEWS: 1})

        assert (stale.status_code, right.status_code) == (409, 200)

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"features": [ROOT]}, "/reason"),
            ({"features": [ROOT], "reason": "  "}, "/reason"),
            ({"reason": "why"}, ""),
            ({"features": [ROOT], "all": True, "reason": "why"}, ""),
            ({"features": ROOT, "reason": "why"}, "/features"),
            ({"features": [ROOT], "reason": "why", "wait": 31}, "/wait"),
            ({"features": [ROOT], "reason": "why", "expect_version": "4"}, "/expect_version"),
            ({"features": [ROOT], "reason": "why", "expect_version": True}, "/expect_version"),
            ({"features": [ROOT], "reason": "why", "dry": True}, "/dry"),
        ],
    )
    def test_a_body_that_is_not_understood_is_400_and_points_there(
        self, ops: Caller, body: dict[str, Any], pointer: str
    ) -> None:
        response = ops.post("start", body)

        assert response.status_code == 400
        assert pointer in [error["pointer"] for error in response.json()["errors"]]
        assert StageChange.objects.count() == 0

    @pytest.mark.parametrize("percentage", [-1, 100.01, 12.345, "x", None, [], float("1e400"), True])
    def test_what_is_no_percentage_is_400(self, ops: Caller, service: RolloutService, percentage: Any) -> None:
        service.start(ROOT, **TERMS)
        body = json.dumps({"features": [ROOT], "percentage": percentage, **WHY})

        response = ops.client.post(f"{BASE}/percentage", body, content_type="application/json", secure=True)

        assert (response.status_code, where(ROOT)) == (400, "TESTING")

    def test_a_force_is_not_offered_where_nothing_forbids(self, ops: Caller) -> None:
        body = self.problem(ops.move("rollback", force=True), 400, "invalid_input")

        assert body["errors"][0]["code"] == "unknown_field"

    @pytest.mark.parametrize("identity", ["x", "d:not-a-uuid", "u:", "n:1"])
    def test_what_is_no_identity_is_400(self, ops: Caller, identity: str) -> None:
        self.problem(ops.move("override", identity=identity, state="on"), 400, "invalid_identity")

    def test_an_unknown_tester_is_404(self, ops: Caller) -> None:
        self.problem(ops.move("testers", add=["nobody@example.com"]), 404, "unknown_tester")

    def test_drills_that_are_off_are_403(self, ops: Caller, settings: Any) -> None:
        settings.ROLLOUT = {**settings.ROLLOUT, "DRILLS": False}

        self.problem(ops.move("drill", fault="error"), 403, "drills_off")

    @pytest.mark.parametrize("path", ["status", "features", "propagation", "verify", f"features/{ROOT}"])
    def test_an_unknown_parameter_is_400(self, ops: Caller, path: str) -> None:
        self.problem(ops.get(f"{path}?verbose=1"), 400, "invalid_input")
