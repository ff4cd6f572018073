"""Report and flight records through their doors: command line, HTTP, admin."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from openapi_schema_validator import OAS31Validator

from rollout.models import Flag, FlightRecord
from rollout.services import RolloutService
from tests.rollout.api.callers import Caller
from tests.rollout.control import TERMS, worker
from tests.rollout.management.console import Said, rollout
from tests.rollout.measured import alarmed, failure, judged, looked, sample
from users.models import User

pytestmark = pytest.mark.django_db

ROOT, PLACES, REVIEWS = "api_v4_enabled", "api_v4_restaurants", "api_v4_reviews"
WHY = "it <b>fails</b>"


@pytest.fixture
def flight() -> FlightRecord:
    """The record of a rollback about which everything was known."""
    service = RolloutService()
    service.start([ROOT, PLACES], **TERMS)
    service.set_percentage(10, [ROOT, PLACES], **TERMS)
    now = worker(1).seen_at
    finding = {"metric": "failures", "operation": None, "value": 104.2, "candidate": 9, "control": 1}
    arm = {"calls": 280, "error_percent": 10.7, "p95_ms": 65.0, "calls_in_step": 15000}
    window, evidence = {"candidate": arm, "control": arm}, {"culprits": [finding], "suspects": []}
    judged(at=now - timedelta(seconds=1), verdict="rollback", document={"window": window, "evidence": evidence})
    sample(now - timedelta(seconds=5), failures=2)
    sample(now - timedelta(seconds=5), "control")
    looked(3, until=now)
    failure("u:1", at=now)
    alarmed(at=now)
    service.rollback(PLACES, actor=TERMS["actor"], reason=WHY, evidence={"value": 104.2})
    return FlightRecord.objects.get()


class TestCommands:
    """`manage.py rollout report` and `manage.py rollout flight`."""

    def test_the_report_reads_in_four_formats(self, flight: FlightRecord) -> None:
        said = {form: rollout("report", "--format", form).out for form in ("table", "markdown", "html", "json")}

        assert "What to do" in said["table"]
        assert said["markdown"].startswith("# Rollout report\n")
        assert said["html"].startswith("<!DOCTYPE html>")
        assert json.loads(said["json"]).keys() == rollout("report", "--json").json.keys()

    def test_only_the_features_and_the_time_that_were_asked_for(self, flight: FlightRecord) -> None:
        told = rollout("report", PLACES, "--since", "90m", "--json").json

        assert list(told["features"]) == [PLACES]
        assert told["since"] < told["timestamp"]

    @pytest.mark.parametrize("since", ["31d", "0s", "nan", "soon"])
    def test_a_time_that_cannot_be_reported_on_is_refused(self, since: str) -> None:
        said = rollout("report", "--since", since)

        assert re.search("between 1m and 30d|is not a duration", str(said.error))

    def test_what_does_not_exist_is_exit_4(self) -> None:
        assert [rollout("report", "nix").code, rollout("flight", "nix").code, rollout("flight", "99").code] == [4, 4, 4]

    def test_a_flight_by_number_by_feature_and_the_newest(self, flight: FlightRecord) -> None:
        answers = [rollout("flight", *words, "--json").json for words in ([], [PLACES], [str(flight.pk)])]

        assert [answer["id"] for answer in answers] == [flight.pk] * 3
        assert answers[0]["reason"] == WHY

    def test_a_flight_reads_as_one_page_in_every_format(self, flight: FlightRecord) -> None:
        table, markdown, html = (rollout("flight", "--format", form).out for form in ("table", "markdown", "html"))

        for part in (
            "What the guard thought",
            "On what they failed",
            "9f8e7d6c5b4a",
            "req-u:1",
            "culprit",
            "24 h and 100",
        ):
            assert [part in text for text in (table, markdown, html)] == [True] * 3, part
        assert "it &lt;b&gt;fails&lt;/b&gt;" in html
        assert "it &lt;b&gt;fails&lt;/b&gt;" in markdown
        assert WHY in table

    def test_without_a_rollback_that_is_said(self) -> None:
        said, none = rollout("flight", PLACES), rollout("flight", "--json")

        assert (said.code, said.out.strip()) == (
            0,
            f"{PLACES} was never rolled back, so there is no flight record.",
        )
        assert (none.code, none.json) == (0, None)

    def test_a_rollback_says_nothing_of_it_and_is_as_before(self, flight: FlightRecord) -> None:
        assert Said("rollback", PLACES, "--reason", "again").code == 0
        assert FlightRecord.objects.count() == 1


class TestHttp:
    """`GET /api/v4/rollout/report` and `GET /api/v4/rollout/flights`."""

    def test_the_report_is_the_command_s(self, flight: FlightRecord) -> None:
        data = Caller("rollout:read").get(f"report?feature={PLACES}&hours=2").json()["data"]

        assert list(data["features"]) == [PLACES]
        assert data["rollbacks"][0]["flight"] == flight.pk

    @pytest.mark.parametrize("query", ["hours=0", "hours=721", "feature=nix", "since=24h"])
    def test_what_is_not_understood_is_refused(self, query: str) -> None:
        assert Caller("ops").get(f"report?{query}").status_code in {400, 404}

    def test_flights_are_paged_newest_first(self, flight: FlightRecord) -> None:
        service = RolloutService()
        for _ in range(2):
            service.start(PLACES, **TERMS)
            service.rollback(PLACES, **TERMS)
        ops = Caller("ops")

        first = ops.get("flights?limit=2&include_total=true").json()
        second = ops.get(f"flights?limit=2&cursor={first['meta']['next_cursor']}").json()

        numbers = [one["id"] for one in first["data"] + second["data"]]
        assert (numbers, first["meta"]["total"]) == ([flight.pk + 2, flight.pk + 1, flight.pk], 3)
        assert second["meta"]["next_cursor"] is None
        assert ops.get(f"flights?feature={REVIEWS}").json()["data"] == []

    def test_a_list_of_flights_reads_no_document(self, flight: FlightRecord, django_assert_num_queries: Any) -> None:
        ops = Caller("ops")
        ops.get("flights")

        with django_assert_num_queries(2) as seen:
            ops.get("flights")

        assert not any('"rollout_flightrecord"."document"' in query["sql"] for query in seen.captured_queries)

    def test_one_flight_whole_and_none_that_does_not_exist(self, flight: FlightRecord) -> None:
        ops = Caller("ops")

        whole, missing = ops.get(f"flights/{flight.pk}"), ops.get(f"flights/{2**70}")

        assert whole.json()["data"] == {"id": flight.pk, **flight.document}
        assert (missing.status_code, missing.json()["code"]) == (404, "unknown_flight")
        assert Caller().get(f"flights/{flight.pk}").status_code == 401
        assert Caller("catalog:read").get(f"flights/{flight.pk}").status_code == 403

    @pytest.mark.parametrize("path", ["report", "flights", "flights/{number}"])
    def test_answers_are_what_the_schema_says(self, flight: FlightRecord, described: dict[str, Any], path: str) -> None:
        response = Caller("ops").get(path.replace("{number}", str(flight.pk)))

        operation = described["paths"][f"/api/v4/rollout/{path}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        OAS31Validator({**schema, "components": described["components"]}).validate(response.json())


class TestAdmin:
    """The flight records' pages: read-only, and linked from where somebody looks."""

    @pytest.fixture
    def browser(self, client: Client) -> Client:
        client.force_login(User.objects.create_superuser(email="boss@example.com"))
        client.defaults["wsgi.url_scheme"] = "https"
        return client

    def page_of(self, flight: FlightRecord) -> str:
        return reverse("admin:rollout_flightrecord_change", args=[flight.pk])

    def test_a_record_is_one_page_on_which_nothing_can_be_sent(self, browser: Client, flight: FlightRecord) -> None:
        text = browser.get(self.page_of(flight)).content.decode()

        for part in ("What the guard thought", "9f8e7d6c5b4a", "it &lt;b&gt;fails&lt;/b&gt;"):
            assert part in text
        assert set(re.findall(r'<form[^>]*id="([^"]*)"', text)) <= {"logout-form"}
        assert "style=" not in text

    def test_the_list_names_who_and_why(self, browser: Client, flight: FlightRecord) -> None:
        text = browser.get(reverse("admin:rollout_flightrecord_changelist")).content.decode()

        assert self.page_of(flight) in text
        assert "cli:dana, from PARTIAL 10 %" in text
        assert "it &lt;b&gt;fails&lt;/b&gt;" in text

    @pytest.mark.parametrize("page", ["history", "change"])
    def test_the_feature_s_history_leads_to_it(self, browser: Client, flight: FlightRecord, page: str) -> None:
        key = Flag.objects.named(PLACES).pk

        text = browser.get(reverse(f"admin:rollout_flag_{page}", args=[key])).content.decode()

        assert text.count(f'href="{self.page_of(flight)}"') == 1

    def test_whoever_may_not_see_it_does_not(self, client: Client, flight: FlightRecord) -> None:
        staff = User.objects.create_user(email="dana@example.com", is_staff=True)
        client.force_login(staff)
        client.defaults["wsgi.url_scheme"] = "https"
        refused = client.get(self.page_of(flight)).status_code
        staff.user_permissions.add(Permission.objects.get(codename="view_flightrecord"))

        assert (refused, client.get(self.page_of(flight)).status_code) == (403, 200)

    def test_what_does_not_exist_is_404(self, browser: Client, flight: FlightRecord) -> None:
        assert browser.get(reverse("admin:rollout_flightrecord_change", args=[flight.pk + 1])).status_code == 404
