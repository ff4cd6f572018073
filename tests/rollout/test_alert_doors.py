"""Alerts through every door: what is wrong is listed, and somebody says that they look after it."""

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rollout.alert_kinds import Kind, Raised
from rollout.alerts import open_alerts, raise_one
from rollout.models import Alert, Delivery
from tests.users.credentials import sent_with
from users.models import User

pytestmark = pytest.mark.django_db

PATH = "/api/v4/rollout/alerts"
Answer = Any


@pytest.fixture
def alert() -> Alert:
    raise_one(Raised(Kind.SLO, "v4 is over the limit: 20 %", feature="api_v4_users"), timezone.now())
    return open_alerts()[0]


@pytest.fixture
def over() -> Alert:
    now = timezone.now()
    return Alert.objects.create(
        name="high_cpu", severity="warning", message="93 %", opened_at=now, seen_at=now, resolved_at=now
    )


def command(*words: str) -> tuple[int, str]:
    """Run `manage.py rollout …` and return its exit code with what it said."""
    out = io.StringIO()
    try:
        call_command("rollout", *words, stdout=out, stderr=io.StringIO())
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


class TestCommand:
    """`manage.py rollout alerts` and `acknowledge`."""

    def test_where_nothing_is_wrong_it_says_so(self) -> None:
        assert command("alerts") == (0, "Nothing is wrong.\n")
        assert command("alerts", "--json") == (0, '{\n  "alerts": []\n}\n')

    def test_what_is_wrong_is_listed_with_what_to_do(self, alert: Alert, over: Alert) -> None:
        code, said = command("alerts")

        told = " ".join(said.split())
        assert code == 0
        assert "slo (api_v4_users)" in told
        assert "critical" in told
        assert "v4 is over the limit: 20 %" in told
        assert "high_cpu" not in told

    def test_what_is_over_is_listed_with_all(self, alert: Alert, over: Alert) -> None:
        _, said = command("alerts", "--all", "--json")

        found = json.loads(said)["alerts"]
        assert [one["id"] for one in found] == [over.pk, alert.pk]
        assert found[0]["resolved_at"] is not None
        assert (
            found[1]["advice"] == "v4 was rolled back. Read the flight record: manage.py rollout flight api_v4_users."
        )

    def test_a_list_is_as_long_as_asked_for(self, alert: Alert, over: Alert) -> None:
        _, said = command("alerts", "--all", "--limit", "1", "--json")

        assert len(json.loads(said)["alerts"]) == 1

    def test_somebody_looks_after_it(self, alert: Alert) -> None:
        code, said = command("acknowledge", str(alert.pk), "--reason", "on it")

        assert code == 0
        assert f"looks after alert {alert.pk}, slo (api_v4_users)" in said
        assert "with cli:" in command("alerts")[1]
        assert open_alerts()[0].details["acknowledged"] == "on it"

    def test_exit_codes_say_what_is_in_the_way(self, over: Alert) -> None:
        assert command("acknowledge", "4711", "--reason", "why")[0] == 4
        assert command("acknowledge", str(over.pk), "--reason", "why")[0] == 3
        assert command("acknowledge", str(over.pk), "--reason", " ")[0] == 2


class TestApi:
    """`/api/v4/rollout/alerts`."""

    def get(self, path: str = "", *scopes: str) -> Answer:
        return Client(headers=sent_with(*(scopes or ("rollout:read",)))).get(PATH + path)

    def acknowledge(self, number: int, body: Any, *scopes: str) -> Answer:
        client = Client(headers=sent_with(*(scopes or ("rollout:rollback",))))
        return client.post(f"{PATH}/{number}/acknowledge", json.dumps(body), content_type="application/json")

    def test_what_is_wrong_is_listed(self, alert: Alert, over: Alert) -> None:
        found = self.get().json()["data"]

        assert [one["id"] for one in found] == [alert.pk]
        assert (found[0]["name"], found[0]["feature"], found[0]["severity"]) == ("slo", "api_v4_users", "critical")

    def test_all_of_it_by_pages(self, alert: Alert, over: Alert) -> None:
        first = self.get("?all=true&limit=1&include_total=true").json()
        second = self.get(f"?all=true&limit=1&cursor={first['meta']['next_cursor']}").json()

        assert [one["id"] for one in first["data"] + second["data"]] == [over.pk, alert.pk]
        assert (first["meta"]["total"], second["meta"]["next_cursor"]) == (2, None)

    @pytest.mark.parametrize("others", [0, 5])
    def test_a_list_costs_the_same_however_long_it_is(
        self, alert: Alert, others: int, django_assert_num_queries: Any
    ) -> None:
        for number in range(others):
            raise_one(Raised(Kind.PARITY, "differs", feature=f"feature_{number}"), timezone.now())
        client = Client(headers=sent_with("rollout:read"))
        client.get(PATH)

        with django_assert_num_queries(2):
            client.get(PATH)

    def test_somebody_looks_after_it(self, alert: Alert) -> None:
        answer = self.acknowledge(alert.pk, {"reason": "on it"})

        data = answer.json()["data"]
        assert (answer.status_code, data["acknowledged_by"][:2]) == (200, "k:")
        assert (data["details"]["acknowledged"], data["resolved_at"]) == ("on it", None)

    @pytest.mark.parametrize(("body", "status"), [({}, 400), ({"reason": " "}, 400), ({"reason": "x", "y": 1}, 400)])
    def test_it_needs_a_reason_and_nothing_else(self, alert: Alert, body: Any, status: int) -> None:
        assert self.acknowledge(alert.pk, body).status_code == status

    def test_what_is_over_or_was_never_there_is_said(self, over: Alert) -> None:
        late, unknown = self.acknowledge(over.pk, {"reason": "x"}), self.acknowledge(10**30, {"reason": "x"})

        assert (late.status_code, late.json()["code"]) == (409, "alert_is_over")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_alert")

    def test_a_key_that_may_only_read_acknowledges_nothing(self, alert: Alert) -> None:
        assert self.acknowledge(alert.pk, {"reason": "x"}, "rollout:read").status_code == 403


class TestAdmin:
    """The admin's pages of alerts."""

    LIST = "admin:rollout_alert_changelist"

    @pytest.fixture
    def browser(self, client: Client) -> Client:
        client.force_login(User.objects.create_superuser(email="boss@example.com"))
        return client

    def test_the_list_says_what_is_wrong_and_whether_it_is_over(
        self, browser: Client, alert: Alert, over: Alert
    ) -> None:
        page = browser.get(reverse(self.LIST)).content.decode()

        assert "slo (api_v4_users)" in page
        assert "v4 is over the limit: 20 %" in page
        assert '<td class="field-state">over</td>' in page

    def test_the_page_shows_who_was_told_but_no_secret_of_a_url(self, browser: Client, alert: Alert) -> None:
        url = "https://hooks.example.org/a-secret"
        Delivery.objects.create(
            alert=alert,
            event="opened",
            channel="webhook",
            target=url,
            created_at=alert.opened_at,
            next_at=alert.opened_at,
            last_error="answered 500",
        )

        page = browser.get(reverse("admin:rollout_alert_change", args=[alert.pk])).content.decode()

        assert "hooks.example.org" in page
        assert "answered 500" in page
        assert "a-secret" not in page
        assert "Read the flight record" in page
        assert 'name="_save"' not in page

    def act(self, browser: Client, *alerts: Alert, reason: str = "on it") -> str:
        chosen = {"action": "acknowledge_selected", "_selected_action": [one.pk for one in alerts], "reason": reason}
        return browser.post(reverse(self.LIST), chosen, follow=True).content.decode()

    def test_whoever_may_change_alerts_says_that_they_look_after_some(
        self, browser: Client, alert: Alert, over: Alert
    ) -> None:
        page = self.act(browser, alert, over)

        assert "You look after slo (api_v4_users)" in page
        assert f"Alert {over.pk}, high_cpu, is over since" in page
        assert open_alerts()[0].acknowledged_by == f"u:{User.objects.get().pk}"

    def test_not_without_a_reason(self, browser: Client, alert: Alert) -> None:
        assert "A reason is missing" in self.act(browser, alert, reason="")
        assert open_alerts()[0].acknowledged_at is None

    def test_whoever_may_only_look_is_offered_nothing(self, client: Client, alert: Alert) -> None:
        viewer = User.objects.create_user(email="viewer@example.com", is_staff=True)
        viewer.user_permissions.add(Permission.objects.get(codename="view_alert"))
        client.force_login(viewer)

        self.act(client, alert)

        assert open_alerts()[0].acknowledged_at is None
        assert "acknowledge_selected" not in client.get(reverse(self.LIST)).content.decode()
