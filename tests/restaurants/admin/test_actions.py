"""What a keeper does with the selected places."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from restaurants.models import Certificate, Change, Restaurant
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
LIST = "/admin/restaurants/restaurant/"


def act(client: Client, action: str, *ids: int, **sent: Any) -> str:
    """Send an action with its selection, and return the page that follows."""
    response = client.post(LIST, {"action": action, "_selected_action": list(ids), **sent}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def state(pk: int) -> str:
    """Return where a record stands."""
    return Restaurant.objects.get(pk=pk).state_of_record


def test_pending_places_are_approved_and_what_cannot_be_is_said(client: Client, keeper: User) -> None:
    page = act(client, "approve", 40, 41, 7)

    assert (state(40), state(41)) == ("approved", "rejected")
    assert "Approve: 1 restaurant." in page
    assert "Rejected Ribs: A record that is rejected cannot be moved by approve. Legal from rejected: resubmit." in page
    change = Change.objects.filter(restaurant=40).latest("pk")
    assert (change.action, change.actor) == ("approve", f"u:{keeper.pk}")


@pytest.mark.parametrize(("action", "pk", "after"), [("reject", 40, "rejected"), ("suspend", 7, "suspended")])
def test_who_is_turned_away_is_told_why(client: Client, action: str, pk: int, after: str) -> None:
    before, asked = state(pk), act(client, action, pk)
    refused = act(client, action, pk, apply="yes", reason=" ")
    unchanged = state(pk)

    act(client, action, pk, apply="yes", reason="no certificate")

    assert 'name="reason"' in asked
    assert "This field is required" in refused
    assert (unchanged, state(pk)) == (before, after)
    assert Restaurant.objects.get(pk=pk).state_reason == "no certificate"


def test_a_place_is_closed_and_reopened(client: Client) -> None:
    act(client, "close", 7, apply="yes")
    closed = state(7)

    act(client, "reopen", 7)

    assert (closed, state(7)) == ("closed", "approved")


def test_a_rejected_place_awaits_approval_again(client: Client) -> None:
    act(client, "resubmit", 41)

    assert state(41) == "pending"


def test_a_place_is_deleted_after_a_question_and_restored(client: Client) -> None:
    asked = act(client, "remove", 7)
    still = Restaurant.objects.get(pk=7).deleted_at

    act(client, "remove", 7, apply="yes")
    deleted = Restaurant.objects.get(pk=7).deleted_at
    act(client, "restore", 7)

    assert "Soho Asian Bar" in asked
    assert (still, deleted is not None, Restaurant.objects.get(pk=7).deleted_at) == (None, True, None)


def test_certificates_that_are_valid_are_verified_by_the_keeper(client: Client, keeper: User) -> None:
    page = act(client, "verify", 7, 12)

    assert "Soho Asian Bar &amp; Grill: It has no certificate that is valid." in page
    held = Certificate.objects.get(restaurant=12)
    assert (held.verified_by, held.verifier) == (keeper, f"u:{keeper.pk}")
    assert held.verified_at is not None


def test_the_selection_is_exported_as_a_sheet(client: Client) -> None:
    response = client.post(LIST, {"action": "export", "_selected_action": [7, 30]})

    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert response.headers["Content-Disposition"] == 'attachment; filename="restaurants.csv"'
    assert [(row["id"], row["name"]) for row in rows] == [("7", "Soho Asian Bar & Grill"), ("30", "פלאפל גבאי")]
    assert rows[0]["agencies"] == "ORB"


def test_an_export_asks_no_more_queries_for_more_places(client: Client) -> None:
    client.get(LIST)
    counts = []
    for ids in ([7], [7, 12, 30, 31, 40, 41]):
        with CaptureQueriesContext(connection) as queries:
            client.post(LIST, {"action": "export", "_selected_action": ids})
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_who_may_only_look_may_not_act(django_user_model: Any) -> None:
    viewer = django_user_model.objects.create(email="viewer@example.org", is_staff=True)
    viewer.user_permissions.add(*_permissions("view_restaurant"))
    client = Client()
    client.force_login(viewer)

    act(client, "approve", 40)

    assert state(40) == "pending"
    assert client.get(f"{LIST}import/").status_code == 403


def _permissions(name: str) -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename=name)
