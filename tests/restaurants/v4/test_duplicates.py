"""The v4 contract of restaurants: what is probably in the guide already is not stored twice unasked."""

import json
from typing import Any

import pytest
from django.test import Client

from restaurants.models import Restaurant
from tests.restaurants.v4.calls import LIST, NEW, problem, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
GRILL = NEW | {"name": "Soho Asian Bar and Grill", "latitude": 25.9534, "longitude": -80.1449}


def test_a_probable_duplicate_is_refused_with_a_link_to_the_place(client: Client) -> None:
    response = send(client, "POST", LIST, GRILL)

    body = problem(response, 409, "probable_duplicate")
    [place] = body["meta"]["places"]
    assert (place["id"], place["href"], place["reason"]) == (7, f"{LIST}/7", "similar names side by side")
    assert place["distance_m"] < 50
    assert response.headers["Link"] == f'<{LIST}/7>; rel="duplicate"'
    assert not Restaurant.objects.filter(pk__gt=42).exists()


def test_a_probable_duplicate_is_stored_when_that_is_wanted(client: Client) -> None:
    response = send(client, "POST", f"{LIST}?force=true", GRILL)

    assert response.status_code == 201


@pytest.mark.parametrize("phone", ["305.466.1505", "+1 (305) 466 1505"])
def test_one_telephone_is_one_place_however_it_is_written(client: Client, phone: str) -> None:
    body = problem(send(client, "POST", LIST, NEW | {"phone_number": phone}), 409, "probable_duplicate")

    assert [(place["id"], place["reason"]) for place in body["meta"]["places"]] == [(7, "same phone")]


@pytest.mark.parametrize(
    "other",
    [
        {"latitude": 25.9600, "longitude": -80.1448},  # 700 m away
        {"latitude": 25.9600, "longitude": -80.1448, "phone_number": "(305) 466-1505"},  # a branch of the chain
        {"name": "Bagel Boss"},  # next door
        {"latitude": None, "longitude": None},
    ],
)
def test_another_place_is_no_duplicate(client: Client, other: dict[str, Any]) -> None:
    response = send(client, "POST", LIST, GRILL | other)

    assert response.status_code == 201


def test_a_deleted_place_is_no_duplicate(client: Client) -> None:
    Restaurant.objects.filter(pk=42).update(phone_number="212 555 0199")

    assert send(client, "POST", LIST, NEW | {"phone_number": "212-555-0199"}).status_code == 201


def test_a_dry_run_says_so_too(client: Client) -> None:
    problem(send(client, "POST", f"{LIST}?dry_run=true", GRILL), 409, "probable_duplicate")


def test_a_place_of_a_new_kind_is_told_all_it_resembles(client: Client) -> None:
    send(client, "POST", f"{LIST}?force=true", GRILL)

    body = json.loads(send(client, "POST", LIST, GRILL).content)

    assert len(body["meta"]["places"]) == 2
