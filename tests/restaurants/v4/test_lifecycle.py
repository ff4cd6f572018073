"""The v4 contract of restaurants: moves of a record, and what was deleted brought back."""

import json

import pytest
from django.test import Client

from restaurants.models import Change, Restaurant
from tests.restaurants.v4.calls import LIST, problem, send
from tests.users.credentials import sent_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
ANY = {"If-Match": "*"}


def test_a_proposal_is_published_once_it_is_approved(client: Client) -> None:
    headers = sent_with("catalog:read")
    tag = client.get(f"{LIST}/40", headers=headers).headers["ETag"]

    response = send(client, "POST", f"{LIST}/40/approve", if_match=tag)

    assert (response.status_code, json.loads(response.content)["data"]["record_state"]) == (200, "approved")
    public = client.get(f"{LIST}/40")
    assert public.status_code == 200
    assert public.headers["ETag"] == response.headers["ETag"] != tag


def test_each_move_leaves_its_name_its_reason_and_its_actor_in_the_history(client: Client) -> None:
    send(client, "POST", f"{LIST}/40/reject", {"reason": " no certificate "}, **ANY)

    change = Change.objects.filter(restaurant=40).order_by("-pk")[0]
    assert (change.action, change.actor[:2]) == ("reject", "k:")
    assert change.fields == {"state_of_record": ["pending", "rejected"], "state_reason": ["", "no certificate"]}


def test_a_record_can_be_led_through_its_whole_life(client: Client) -> None:
    life = [
        ("reject", {"reason": "no certificate"}, "rejected"),
        ("resubmit", None, "pending"),
        ("approve", None, "approved"),
        ("suspend", {"reason": "the certificate ran out"}, "suspended"),
        ("approve", {}, "approved"),
        ("close", {"reason": "moved away"}, "closed"),
        ("reopen", None, "approved"),
        ("close", None, "closed"),
    ]

    for move, body, state in life:
        response = send(client, "POST", f"{LIST}/40/{move}", body, **ANY)

        assert (response.status_code, json.loads(response.content)["data"]["record_state"]) == (200, state)
    assert Restaurant.objects.get(pk=40).version == 1 + len(life)
    assert Restaurant.objects.get(pk=40).state_reason == ""


def test_an_illegal_move_names_the_legal_ones(client: Client) -> None:
    body = problem(send(client, "POST", f"{LIST}/7/reopen", **ANY), 409, "illegal_record_move")

    assert body["hint"] == "Legal from approved: suspend, close."


@pytest.mark.parametrize("move", ["reject", "suspend"])
@pytest.mark.parametrize("body", [None, {}, {"reason": " "}])
def test_a_reason_that_is_needed_is_asked_for(client: Client, move: str, body: dict[str, str] | None) -> None:
    place = {"reject": 40, "suspend": 7}[move]

    response = send(client, "POST", f"{LIST}/{place}/{move}", body, **ANY)

    assert [error["pointer"] for error in problem(response, 400, "invalid_input")["errors"]] == ["/reason"]


def test_a_move_needs_the_version_that_was_read(client: Client) -> None:
    problem(send(client, "POST", f"{LIST}/40/approve"), 428, "precondition_required")
    problem(send(client, "POST", f"{LIST}/40/approve", if_match='"9.abcdef01"'), 412, "precondition_failed")
    assert Restaurant.objects.get(pk=40).state_of_record == "pending"


def test_a_dry_run_of_a_move_stores_nothing(client: Client) -> None:
    response = send(client, "POST", f"{LIST}/40/approve?dry_run=true", **ANY)

    body = json.loads(response.content)
    assert (body["data"]["record_state"], body["meta"]) == ("approved", {"dry_run": True})
    assert Restaurant.objects.get(pk=40).state_of_record == "pending"


@pytest.mark.parametrize("move", ["approve", "close", "restore"])
@pytest.mark.parametrize("pk", ["999", "0", "99999999999999999999"])
def test_what_is_not_there_cannot_be_moved(client: Client, move: str, pk: str) -> None:
    problem(send(client, "POST", f"{LIST}/{pk}/{move}", **ANY), 404, "unknown_restaurant")


def test_what_was_deleted_is_brought_back_as_it_was(client: Client) -> None:
    problem(send(client, "POST", f"{LIST}/42/suspend", {"reason": "x"}, **ANY), 404, "unknown_restaurant")

    response = send(client, "POST", f"{LIST}/42/restore", **ANY)

    assert (response.status_code, json.loads(response.content)["data"]["record_state"]) == (200, "approved")
    assert client.get(f"{LIST}/42").status_code == 200
    assert Change.objects.filter(restaurant=42).order_by("-pk")[0].action == "restore"


def test_what_was_not_deleted_cannot_be_brought_back(client: Client) -> None:
    problem(send(client, "POST", f"{LIST}/7/restore", **ANY), 409, "not_deleted")
