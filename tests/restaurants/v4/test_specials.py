"""The v4 contract of restaurants: specials, at most three of them active."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.timezone import now

from restaurants.models import Change, Special
from tests.restaurants.v4.calls import LIST, problem, send
from tests.users.credentials import sent_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
ANY = {"If-Match": "*"}
SPECIALS = f"{LIST}/7/specials"


def add(client: Client, **said: Any) -> int:
    """Add a special and return its id."""
    response = send(client, "POST", SPECIALS, {"title": "Two for one"} | said, **ANY)
    assert response.status_code == 201, response.content
    added: int = json.loads(response.content)["data"]["id"]
    return added


def titles(client: Client, headers: dict[str, str] | None = None) -> list[str]:
    """Return the titles of what is shown."""
    return [special["title"] for special in client.get(SPECIALS, headers=headers).json()["data"]]


def test_one_is_added_and_shown(client: Client) -> None:
    add(client, price="$12", description="Sushi until eight")

    [special] = client.get(SPECIALS).json()["data"]
    assert special | {"id": 1} == {
        "id": 1,
        "title": "Two for one",
        "description": "Sushi until eight",
        "price": "$12",
        "starts_at": None,
        "ends_at": None,
        "is_active": True,
    }
    assert Change.objects.filter(restaurant=7).order_by("-pk")[0].fields["specials"][1][0]["price"] == "$12"


def test_the_public_sees_what_is_on_now_and_keepers_see_all(client: Client) -> None:
    moment = now()
    add(client, title="on", starts_at=str(moment - timedelta(days=1)), ends_at=str(moment + timedelta(days=1)))
    add(client, title="over", ends_at=str(moment - timedelta(days=1)))
    add(client, title="to come", starts_at=str(moment + timedelta(days=1)))
    add(client, title="off", is_active=False)

    assert titles(client) == ["on"]
    assert titles(client, sent_with("catalog:read")) == ["on", "over", "to come", "off"]
    assert [special["title"] for special in client.get("/api/restaurants/7").json()["restaurant"]["specials"]] == ["on"]


def test_a_fourth_active_one_is_refused_until_another_gives_up_its_place(client: Client) -> None:
    first, *_ = [add(client, title=f"number {number}") for number in range(3)]

    body = problem(send(client, "POST", SPECIALS, {"title": "fourth"}, **ANY), 409, "too_many_specials")

    assert len(body["meta"]["active"]) == 3
    waiting = add(client, title="waiting", is_active=False)
    problem(send(client, "PATCH", f"{SPECIALS}/{waiting}", {"is_active": True}, **ANY), 409, "too_many_specials")
    send(client, "PATCH", f"{SPECIALS}/{first}", {"is_active": False}, **ANY)
    assert send(client, "PATCH", f"{SPECIALS}/{waiting}", {"is_active": True}, **ANY).status_code == 200
    assert titles(client) == ["number 1", "number 2", "waiting"]


def test_one_that_is_over_makes_room_by_itself(client: Client) -> None:
    past = add(client, title="over", ends_at=str(now() - timedelta(days=1)))
    for number in range(3):
        add(client, title=f"number {number}")

    assert Special.objects.get(pk=past).is_active is False
    assert len(titles(client)) == 3


@pytest.mark.parametrize("slot", [None, 0, 4])
def test_the_database_knows_three_slots(slot: int | None) -> None:
    with pytest.raises(IntegrityError, match="restaurants_special_slot_when_active"), transaction.atomic():
        Special.objects.create(restaurant_id=7, title="x", slot=slot)


def test_the_database_refuses_a_slot_that_is_taken() -> None:
    Special.objects.create(restaurant_id=7, title="x", slot=1)

    with pytest.raises(IntegrityError, match="restaurants_special_three_active"), transaction.atomic():
        Special.objects.create(restaurant_id=7, title="y", slot=1)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"title": ""}, "/title", "blank"),
        ({"starts_at": "2026-01-02T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z"}, "/ends_at", "ends_before_start"),
        ({"ends_at": "tomorrow"}, "/ends_at", "invalid"),
        ({"prize": "x"}, "/prize", "unknown_field"),
    ],
)
def test_every_fault_is_pointed_at(client: Client, change: dict[str, Any], pointer: str, code: str) -> None:
    response = send(client, "POST", SPECIALS, {"title": "x"} | change, **ANY)

    assert (pointer, code) in {(error["pointer"], error["code"]) for error in json.loads(response.content)["errors"]}
    assert not Special.objects.exists()


def test_one_is_taken_away(client: Client) -> None:
    added = add(client)

    assert send(client, "DELETE", f"{SPECIALS}/{added}", **ANY).status_code == 204
    assert titles(client) == []
    problem(send(client, "DELETE", f"{SPECIALS}/{added}", **ANY), 404, "unknown_special")


def test_a_dry_run_stores_nothing(client: Client) -> None:
    response = send(client, "POST", f"{SPECIALS}?dry_run=true", {"title": "x"}, **ANY)

    assert json.loads(response.content)["data"]["id"] is None
    assert not Special.objects.exists()


def test_specials_of_what_is_not_published_are_not_there(client: Client) -> None:
    problem(client.get(f"{LIST}/40/specials"), 404, "unknown_restaurant")
    problem(client.get(f"{LIST}/999/specials", headers=sent_with("catalog:read")), 404, "unknown_restaurant")
