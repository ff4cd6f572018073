"""What can be read over HTTP, moves of one caller, and whether the schema is true."""

import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.urls import reverse
from openapi_schema_validator import OAS31Validator

from rollout.models import Flag, StageChange
from rollout.services import RolloutService
from tests.rollout.api.callers import (
    BASE,
    OTHERS,
    READS,
    REVIEWS,
    ROOT,
    STOPS,
    USERS,
    WHY,
    WIDENERS,
    Answer,
    Caller,
    where,
)
from tests.rollout.control import TERMS, worker
from users.models import User


@pytest.mark.django_db(transaction=True)
class TestOthers:
    """Other movers and the workers, on connections of their own."""

    def test_a_feature_that_somebody_else_holds_is_503_with_retry_after(self, ops: Caller) -> None:
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic():
                Flag.objects.locked([ROOT])
                held.set()
                done.wait(10)
            connections.close_all()

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(10)

        response = ops.move("start")

        done.set()
        holder.join()
        assert (response.status_code, response.json()["code"], response["Retry-After"]) == (503, "busy", "1")
        assert response.json()["retryable"] is True

    def test_waiting_ends_when_every_worker_has_followed(self, ops: Caller) -> None:
        follower = worker(1)

        def follow() -> None:
            ready.wait(10)
            while not StageChange.objects.exists():
                ready.wait(0.01)
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE rollout_worker SET version = (SELECT version FROM rollout_control),"
                    " applied_at = clock_timestamp(), seen_at = clock_timestamp() WHERE id = %s",
                    [follower.pk],
                )
            connections.close_all()

        ready = threading.Event()
        thread = threading.Thread(target=follow)
        thread.start()
        ready.set()
        data = ops.move("start", wait=10).json()["data"]
        thread.join()

        assert (data["confirmed"], data["propagation"]["current"]) == (True, 1)

    def test_waiting_in_vain_is_committed_and_not_confirmed(self, ops: Caller) -> None:
        worker(1)

        response = ops.move("start", wait=0.2)

        assert (response.status_code, response.json()["data"]["confirmed"]) == (200, False)
        assert where(ROOT) == "TESTING"

    def test_not_waiting_says_nothing_about_it(self, ops: Caller) -> None:
        assert ops.move("start").json()["data"]["confirmed"] is None


@pytest.mark.django_db
class TestReads:
    """What is answered about the rollout."""

    def test_status_is_the_service_s_own(self, ops: Caller, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)

        data = ops.get("status").json()["data"]

        assert data["overall_status"] == {"enabled_features": 1, "total_features": 8, "migration_percentage": 0.0}
        assert data["ledger_head"] == StageChange.objects.get().hash

    def test_a_feature_shows_its_plan_exceptions_and_gates(
        self, ops: Caller, service: RolloutService, admin_user: User
    ) -> None:
        service.set_testers(ROOT, add=["staff", f"u:{admin_user.pk}"], **TERMS)
        service.override(ROOT, "u:7", False, **TERMS)

        data = ops.get(f"features/{ROOT}").json()["data"]

        assert data["testers"] == ["staff", f"u:{admin_user.pk}"]
        assert data["overrides"] == [{"identity": "u:7", "is_in": False}]
        assert [step["percentage"] for step in data["plan"]] == [1, 10, 25, 50, 100]

    def test_a_feature_is_not_sent_twice(self, ops: Caller, service: RolloutService) -> None:
        etag = ops.get(f"features/{ROOT}")["ETag"]

        unchanged = ops.get(f"features/{ROOT}", **{"If-None-Match": etag})
        service.start(ROOT, **TERMS)
        changed = ops.get(f"features/{ROOT}", **{"If-None-Match": etag})

        assert (unchanged.status_code, changed.status_code) == (304, 200)

    def test_history_comes_in_pages_newest_first(self, ops: Caller, service: RolloutService) -> None:
        for _ in range(3):
            service.start(ROOT, **TERMS)
            service.rollback(ROOT, **TERMS)
        everything = list(StageChange.objects.order_by("-id").values_list("id", flat=True))

        found, path = [], "history?limit=4&include_total=true"
        while path:
            answer = ops.get(path).json()
            found += [line["id"] for line in answer["data"]]
            cursor = answer["meta"]["next_cursor"]
            path = cursor and f"history?limit=4&include_total=true&cursor={cursor}"

        assert (found, answer["meta"]["total"]) == (everything, 6)

    def test_history_is_filtered_by_feature_and_its_cursor_is_bound_to_that(
        self, ops: Caller, service: RolloutService
    ) -> None:
        service.start([ROOT, REVIEWS, USERS], **TERMS)

        answer = ops.get(f"history?limit=1&feature={ROOT}&feature={USERS}").json()
        elsewhere = ops.get(f"history?limit=1&feature={REVIEWS}&cursor={answer['meta']['next_cursor']}")

        assert [line["feature"] for line in answer["data"]] == [USERS]
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "invalid_cursor")

    def test_explain_says_which_engine_and_why(self, ops: Caller, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)
        service.override(ROOT, "u:7", True, **TERMS)

        data = ops.get(f"explain?feature={ROOT}&identity=u:7").json()["data"]

        assert (data["served_by"], data["reason"]) == ("v4", "override")

    def test_verify_holds_and_misses_a_head_that_was_cut_off(self, ops: Caller, service: RolloutService) -> None:
        service.start(ROOT, **TERMS)

        whole, cut = ops.get("verify").json()["data"], ops.get(f"verify?head={'a' * 64}").json()["data"]

        assert (whole["holds"], whole["lines"]) == (True, 1)
        assert (cut["holds"], "cut off" in cut["problem"]) == (False, True)

    @pytest.mark.parametrize("path", READS)
    def test_the_queries_do_not_grow_with_the_history(
        self, ops: Caller, service: RolloutService, path: str, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(10):
            service.start(ROOT, **TERMS)
            service.rollback(ROOT, **TERMS)

        with django_assert_max_num_queries(18):
            ops.get(path)

    @pytest.mark.parametrize("path", READS)
    def test_reading_changes_nothing(self, ops: Caller, service: RolloutService, path: str) -> None:
        service.start(ROOT, **TERMS)
        before = list(Flag.objects.order_by("id").values()), StageChange.objects.count()

        ops.get(path)

        assert (list(Flag.objects.order_by("id").values()), StageChange.objects.count()) == before


@pytest.mark.django_db
class TestSchema:
    """The generated schema is what is answered."""

    def check(self, described: dict[str, Any], path: str, method: str, response: Answer) -> None:
        operation = described["paths"][f"{BASE}/{path}"][method]
        schema = operation["responses"][str(response.status_code)]["content"]["application/json"]["schema"]
        OAS31Validator({**schema, "components": described["components"]}).validate(response.json())

    @pytest.mark.parametrize("path", READS)
    def test_every_read_answers_what_the_schema_says(
        self, ops: Caller, service: RolloutService, described: dict[str, Any], path: str
    ) -> None:
        service.start(ROOT, **TERMS)
        service.override(ROOT, "u:7", True, **TERMS)
        ops.move("drill", fault="slow")
        worker(1)
        template = path.partition("?")[0].replace(ROOT, "{name}")

        self.check(described, template, "get", ops.get(path))

    @pytest.mark.parametrize("path", ["start", "testers", "rollback", "drill", "drill/end"])
    def test_every_move_answers_what_the_schema_says(self, ops: Caller, described: dict[str, Any], path: str) -> None:
        self.check(described, path, "post", ops.move(path, **WIDENERS.get(path, {})))

    @pytest.mark.parametrize("name", [ROOT, USERS])
    def test_a_dry_run_answers_the_radius_that_the_schema_describes(
        self, ops: Caller, service: RolloutService, described: dict[str, Any], name: str
    ) -> None:
        service.start(ROOT, **TERMS)
        User.objects.create(email="dana@example.org")
        service.start(USERS, **TERMS)

        by_query = ops.post("percentage?dry_run=true", {"features": [name], **WHY, "percentage": 10})
        self.check(described, "percentage", "post", by_query)
        by_body = ops.move("percentage", name, percentage=10, dry_run=True)

        radius = by_query.json()["data"]["features"][0]["radius"]
        assert (radius["movers"]["known"], "@" in str(radius)) == (2, False)
        assert by_body.json()["data"]["features"][0]["radius"]["sentence"] == radius["sentence"]

    def test_every_route_of_the_rollout_is_described(self, described: dict[str, Any]) -> None:
        documented = {path for path in described["paths"] if path.startswith(BASE)}

        others = (*OTHERS, "flights/{number}")
        assert len(documented) == len(READS) + len(STOPS) + len(WIDENERS) + len(others)
        assert reverse("v4-rollout-status") in documented
