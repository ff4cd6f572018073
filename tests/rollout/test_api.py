"""The rollout over HTTP: who may do what, each move once, what is refused and how, and whether the schema is true."""

import io
import json
import threading
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openapi_schema_validator import OAS31Validator

from rollout.models import Drill, Flag, Override, StageChange
from rollout.moves import Terms
from rollout.services import RolloutService
from tests.rollout.control import TERMS, worker
from users.keys import Scope
from users.models import ServiceKey, User

ROOT, REVIEWS, USERS = "api_v4_enabled", "api_v4_reviews", "api_v4_users"
BASE = "/api/v4/rollout"
WHY = {"reason": "a test"}

Answer = Any
"""What the test client returns: a response with what was made of it."""

READS = (
    "status",
    "features",
    f"features/{ROOT}",
    f"features/{ROOT}/certificate",
    f"explain?feature={ROOT}&identity=u:1",
    "history",
    "propagation",
    "verify",
    "alerts",
    "report",
    "flights",
)
OTHERS = ("reopen", "alerts/{alert_id}/acknowledge")
STOPS = ("rollback", "pause", "drill/end")
WIDENERS: dict[str, dict[str, Any]] = {
    "start": {},
    "advance": {},
    "percentage": {"percentage": 10},
    "resume": {},
    "complete": {"force": True},
    "holdout": {"percentage": 5},
    "override": {"identity": "u:1", "state": "on"},
    "testers": {"add": ["staff"]},
    "drill": {"fault": "error"},
}


class Caller:
    """A machine with a service key, or without."""

    def __init__(self, *scopes: str) -> None:
        self.name, bearer = "", {}
        if scopes:
            key = ServiceKey.objects.issue(label="test", scopes=[Scope(scope) for scope in scopes])
            self.name, bearer = key.targeting_key, {"Authorization": f"Bearer {key.token.text}"}
        self.client = Client(headers=bearer, raise_request_exception=False)

    def get(self, path: str, **headers: str) -> Answer:
        return self.client.get(f"{BASE}/{path}", secure=True, headers=headers)

    def post(self, path: str, body: dict[str, Any]) -> Answer:
        return self.client.post(f"{BASE}/{path}", json.dumps(body), content_type="application/json", secure=True)

    def move(self, path: str, *names: str, **more: Any) -> Answer:
        return self.post(path, {"features": names or (ROOT,), **WHY, **more})


@pytest.fixture
def ops(db: None) -> Caller:
    return Caller("ops")


@pytest.fixture
def service(db: None) -> RolloutService:
    return RolloutService()


def because(reason: str) -> Terms:
    """Return the terms of a move that somebody else makes for this reason."""
    return {"actor": TERMS["actor"], "reason": reason}


def where(name: str) -> str:
    return str(Flag.objects.named(name).position)


def to_full(service: RolloutService, name: str = ROOT) -> None:
    service.start(name, **TERMS)
    while not where(name).startswith("FULL"):
        service.advance(name, **TERMS)


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


@pytest.fixture(scope="module")
def described() -> Any:
    """The v4 schema, as it is generated now."""
    out = io.StringIO()
    terms = {"urlconf": "jewgo.urls_v4", "custom_settings": "jewgo.core.schema.V4", "format": "openapi-json"}
    call_command("spectacular", **terms, fail_on_warn=True, validate=True, stdout=out)
    return json.loads(out.getvalue())


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
