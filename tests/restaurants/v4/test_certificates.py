"""The v4 contract of restaurants: certificates, which are never without a source and never hidden."""

import json
from typing import Any

import pytest
from django.test import Client

from restaurants.models import Agency, Certificate, Change, Restaurant
from tests.restaurants.v4.calls import LIST, problem, send
from tests.users.credentials import sent_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
ANY = {"If-Match": "*"}
HELD = f"{LIST}/7/certificates"
NEW = {"agency": "orthodox union", "number": "U-1", "valid_from": "2026-01-01", "valid_to": "2031-01-01",
       "scope": "kitchen", "source": "the certificate on the wall", "sourced_on": "2026-01"}  # fmt: skip


def only() -> Certificate:
    """Return the one certificate of the grill."""
    return Certificate.objects.get(restaurant=7)


def test_everybody_sees_them_the_expired_ones_too(client: Client) -> None:
    [certificate] = client.get(HELD).json()["data"]

    assert (certificate["number"], certificate["is_expired"], certificate["agency"]["name"]) == ("A-7", True, "ORB")


def test_those_of_a_place_that_is_not_published_only_keepers_see(client: Client) -> None:
    problem(client.get(f"{LIST}/40/certificates"), 404, "unknown_restaurant")
    assert client.get(f"{LIST}/40/certificates", headers=sent_with("catalog:read")).json()["data"] == []


def test_one_is_added_with_the_agency_by_any_of_its_names(client: Client) -> None:
    response = send(client, "POST", HELD, NEW, **ANY)

    body = json.loads(response.content)
    assert (response.status_code, body["data"]["agency"]["name"], body["data"]["is_expired"]) == (201, "OU", False)
    assert body["meta"] == {"version": 2}
    assert response.headers["ETag"] == client.get(f"{LIST}/7").headers["ETag"]
    assert len(client.get(HELD).json()["data"]) == 2
    assert Restaurant.objects.get(pk=7).search_text.endswith("ou")


def test_one_is_added_with_the_agency_by_its_id(client: Client) -> None:
    agency = Agency.objects.get(name="OK")

    body = json.loads(send(client, "POST", HELD, NEW | {"agency": agency.pk}, **ANY).content)

    assert body["data"]["agency_id"] == agency.pk


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"source": None}, "/source", "null"),
        ({"source": " "}, "/source", "blank"),
        ({"valid_to": "2025-12-31"}, "/valid_to", "ends_before_start"),
        ({"valid_to": "soon"}, "/valid_to", "invalid"),
        ({"agency": "Vaad of Nowhere"}, "/agency", "unknown_value"),
        ({"agency": 999_999}, "/agency", "unknown_value"),
        ({"agency": True}, "/agency", "invalid"),
        ({"agency": ""}, "/agency", "invalid"),
        ({"sourced_on": "last week"}, "/sourced_on", "invalid"),
        ({"nubmer": "x"}, "/nubmer", "unknown_field"),
        ({"number": "x" * 101}, "/number", "max_length"),
    ],
)
def test_every_fault_is_pointed_at(client: Client, change: dict[str, Any], pointer: str, code: str) -> None:
    response = send(client, "POST", HELD, NEW | change, **ANY)

    assert response.status_code == 400
    assert (pointer, code) in {(error["pointer"], error["code"]) for error in json.loads(response.content)["errors"]}
    assert Certificate.objects.filter(restaurant=7).count() == 1


def test_the_same_certificate_is_not_added_twice(client: Client) -> None:
    send(client, "POST", HELD, NEW, **ANY)

    body = problem(send(client, "POST", HELD, NEW | {"source": "again"}, **ANY), 409, "certificate_exists")

    assert body["meta"]["certificate_id"] == Certificate.objects.get(number="U-1").pk


def test_a_dry_run_adds_nothing(client: Client) -> None:
    body = json.loads(send(client, "POST", f"{HELD}?dry_run=true", NEW, **ANY).content)

    assert (body["data"]["id"], body["meta"]) == (None, {"dry_run": True})
    assert Certificate.objects.filter(restaurant=7).count() == 1


def test_a_change_is_kept_in_the_history_of_its_restaurant(client: Client) -> None:
    response = send(client, "PATCH", f"{HELD}/{only().pk}", {"valid_to": "2031-01-01"}, **ANY)

    assert json.loads(response.content)["data"]["is_expired"] is False
    change = Change.objects.filter(restaurant=7).order_by("-pk")[0]
    [[before], [after]] = [change.fields["certificates"][side] for side in (0, 1)]
    assert (before["valid_to"], after["valid_to"]) == ("2019-04-19", "2031-01-01")


def test_a_change_may_not_make_two_of_one(client: Client) -> None:
    added = json.loads(send(client, "POST", HELD, NEW | {"agency": "ORB"}, **ANY).content)["data"]["id"]

    response = send(client, "PATCH", f"{HELD}/{added}", {"number": "A-7", "valid_to": "2019-04-19"}, **ANY)

    assert response.status_code in {400, 409}
    clash = send(
        client, "PATCH", f"{HELD}/{added}", {"number": "A-7", "valid_from": None, "valid_to": "2019-04-19"}, **ANY
    )
    problem(clash, 409, "certificate_exists")


def test_who_verified_it_and_when_is_stored_until_it_states_something_else(client: Client) -> None:
    path = f"{HELD}/{only().pk}"

    verified = json.loads(send(client, "POST", f"{path}/verify", **ANY).content)["data"]

    assert verified["verified_at"]
    assert only().verifier.startswith("k:")
    assert json.loads(send(client, "PATCH", path, {"scope": "bar"}, **ANY).content)["data"]["verified_at"]
    assert json.loads(send(client, "PATCH", path, {"number": "B-8"}, **ANY).content)["data"]["verified_at"] is None
    assert only().verifier == ""
    actions = Change.objects.filter(restaurant=7).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["create", "verify", "update", "update"]


def test_one_is_taken_away_and_its_agency_leaves_the_search(client: Client) -> None:
    response = send(client, "DELETE", f"{HELD}/{only().pk}", **ANY)

    assert (response.status_code, response.content) == (204, b"")
    assert client.get(HELD).json()["data"] == []
    assert "orb" not in Restaurant.objects.get(pk=7).search_text.split()


@pytest.mark.parametrize(("method", "tail"), [("PATCH", ""), ("DELETE", ""), ("POST", "/verify")])
def test_a_certificate_of_another_place_is_not_here(client: Client, method: str, tail: str) -> None:
    other = Certificate.objects.get(restaurant=12)

    problem(send(client, method, f"{HELD}/{other.pk}{tail}", {}, **ANY), 404, "unknown_certificate")


def test_a_change_needs_the_version_of_the_restaurant(client: Client) -> None:
    problem(send(client, "POST", HELD, NEW), 428, "precondition_required")
    problem(send(client, "POST", HELD, NEW, if_match='"9.abcdef01"'), 412, "precondition_failed")
