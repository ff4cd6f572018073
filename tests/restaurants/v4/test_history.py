"""The v4 contract of restaurants: who changed what, and when."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.restaurants.v4.calls import LIST, problem, send
from tests.users.credentials import sent_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


@pytest.mark.parametrize("scope", ["catalog:read", "catalog:write"])
def test_a_keeper_sees_who_changed_what_the_latest_first(client: Client, scope: str) -> None:
    send(client, "PATCH", f"{LIST}/7", {"city": "Bal Harbour"}, x_request_id="r-1", **{"If-Match": "*"})

    latest, first = client.get(f"{LIST}/7/history", headers=sent_with(scope)).json()["data"]

    assert (latest["action"], latest["request_id"], latest["actor"][:2]) == ("update", "r-1", "k:")
    assert latest["changes"] == {"city": {"before": "Aventura", "after": "Bal Harbour"}}
    assert (first["action"], first["actor"]) == ("create", "test")


def test_nobody_else_does(client: Client) -> None:
    problem(client.get(f"{LIST}/7/history"), 401, "unauthenticated")
    problem(client.get(f"{LIST}/7/history", headers=sent_with("stats:read")), 403, "forbidden")


def test_a_deleted_place_keeps_its_history(client: Client) -> None:
    assert len(client.get(f"{LIST}/42/history", headers=sent_with("catalog:read")).json()["data"]) == 1
    problem(client.get(f"{LIST}/999/history", headers=sent_with("catalog:read")), 404, "unknown_restaurant")


def test_pages_follow_each_other(client: Client) -> None:
    for number in range(5):
        send(client, "PATCH", f"{LIST}/7", {"city": f"City {number}"}, **{"If-Match": "*"})
    headers, cities, cursor = sent_with("catalog:read"), [], ""

    for _ in range(3):
        body = client.get(f"{LIST}/7/history?limit=2&include_total=true{cursor}", headers=headers).json()
        cities += [entry["changes"]["city"]["after"] for entry in body["data"]]
        cursor = f"&cursor={body['meta']['next_cursor']}"

    assert cities == ["City 4", "City 3", "City 2", "City 1", "City 0", "Aventura"]
    assert body["meta"]["total"] == 6
    assert body["meta"]["next_cursor"] is None
    first = client.get(f"{LIST}/7/history?limit=2", headers=headers).json()["meta"]["next_cursor"]
    stolen = client.get(f"{LIST}/12/history?cursor={first}", headers=headers)
    problem(stolen, 400, "invalid_cursor")


def test_a_page_is_a_few_queries_however_long_it_is(client: Client) -> None:
    headers = sent_with("catalog:read")

    with CaptureQueriesContext(connection) as queries:
        client.get(f"{LIST}/7/history", headers=headers)

    assert len([query for query in queries if "restaurants_" in query["sql"]]) == 2
