"""The v4 contract of agencies."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from restaurants.models import Agency, Restaurant
from tests.restaurants.v4.calls import problem, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]
AGENCIES = "/api/v4/agencies"


def test_everybody_sees_them_by_name_with_their_places(client: Client) -> None:
    entries = client.get(f"{AGENCIES}?limit=100").json()["data"]

    names = [entry["name"] for entry in entries]
    assert names == sorted(names)
    assert {entry["name"]: entry["place_count"] for entry in entries}["ORB"] == 1
    assert next(entry for entry in entries if entry["name"] == "COR")["aliases"][0] == "COR Kosher"


def test_pages_follow_each_other_in_one_query_each(client: Client) -> None:
    names, cursor = [], ""
    while True:
        with CaptureQueriesContext(connection) as queries:
            body = client.get(f"{AGENCIES}?limit=10{cursor}").json()
        assert len(queries) == 1
        names += [entry["name"] for entry in body["data"]]
        if not body["meta"]["next_cursor"]:
            break
        cursor = f"&cursor={body['meta']['next_cursor']}"

    assert names == list(Agency.objects.order_by("name").values_list("name", flat=True))
    problem(client.get(f"{AGENCIES}?cursor=abc"), 400, "invalid_cursor")


def test_one_is_added_and_found_by_its_names(client: Client) -> None:
    response = send(client, "POST", AGENCIES, {"name": "Vaad of Nowhere", "aliases": ["Nowhere K"]})

    where = response.headers["Location"]
    assert response.status_code == 201
    assert client.get(where).json()["data"] == json.loads(response.content)["data"]
    assert Agency.objects.called("nowhere-k").get().name == "Vaad of Nowhere"


@pytest.mark.parametrize("body", [{"name": "orb kosher"}, {"name": "New", "aliases": ["New K", "Orthodox  UNION"]}])
def test_a_name_that_is_taken_in_any_spelling_is_refused(client: Client, body: dict[str, object]) -> None:
    clash = problem(send(client, "POST", AGENCIES, body), 409, "agency_exists")

    assert clash["meta"]["href"] == f"{AGENCIES}/{clash['meta']['agency_id']}"


def test_a_renamed_one_is_found_with_its_places_at_once(client: Client) -> None:
    agency = Agency.objects.get(name="ORB")

    response = send(client, "PATCH", f"{AGENCIES}/{agency.pk}", {"name": "Orange Blossom"})

    assert json.loads(response.content)["data"]["name"] == "Orange Blossom"
    assert "orange blossom" in Restaurant.objects.get(pk=7).search_text


def test_a_dry_run_adds_nothing(client: Client) -> None:
    before = Agency.objects.count()

    response = send(client, "POST", f"{AGENCIES}?dry_run=true", {"name": "Vaad of Nowhere"})

    assert json.loads(response.content)["data"]["id"] is None
    assert Agency.objects.count() == before


@pytest.mark.parametrize("pk", ["999999", "0", "99999999999999999999"])
def test_one_that_is_not_there_is_a_problem(client: Client, pk: str) -> None:
    problem(client.get(f"{AGENCIES}/{pk}"), 404, "unknown_agency")
    problem(send(client, "PATCH", f"{AGENCIES}/{pk}", {"region": "x"}), 404, "unknown_agency")
