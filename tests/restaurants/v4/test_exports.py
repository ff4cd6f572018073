"""Exports: three formats, streamed, safe to open, for those who may."""

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from restaurants import services
from restaurants.api.v4.formats import COLUMNS, DANGEROUS
from restaurants.filters import Question
from restaurants.models import Restaurant
from tests.restaurants.v4.calls import LIST, problem
from tests.users.credentials import sent_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

EXPORT = f"{LIST}/export"


def exported(client: Client, query: str = "", **headers: str) -> Any:
    response = client.get(EXPORT + query, headers=sent_with("catalog:export") | headers)
    assert response.status_code == 200
    return response, b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]


def rows_of(client: Client, query: str = "?format=csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(client, query)[1], newline="")))


def test_ndjson_is_what_the_list_shows(client: Client) -> None:
    shown = {place["id"]: place for place in client.get(LIST).json()["data"]}

    _, text = exported(client, "?format=ndjson")

    lines = [json.loads(line) for line in text.splitlines()]
    assert [place["id"] for place in lines] == [7, 12, 30, 31]
    assert {place["id"]: place for place in lines} == shown


def test_geojson_has_longitude_first_and_no_geometry_where_it_is_not_known(client: Client) -> None:
    response, text = exported(client, "?format=geojson")

    features = {feature["id"]: feature for feature in json.loads(text)["features"]}
    assert response.headers["Content-Type"] == "application/geo+json"
    assert features[7]["geometry"] == {"type": "Point", "coordinates": [-80.1448, 25.9533]}
    assert features[12]["geometry"] is None
    assert features[30]["properties"]["name"] == "פלאפל גבאי"


def test_csv_has_every_column_and_unknown_is_empty(client: Client) -> None:
    rows = rows_of(client)

    grill = next(row for row in rows if row["id"] == "7")
    assert tuple(grill) == COLUMNS
    assert (grill["agencies"], grill["certified_until"], grill["pas_yisroel"]) == ("ORB", "2019-04-19", "all")
    assert (grill["longitude"], grill["kosher_categories"]) == ("-80.1448", "meat")
    assert next(row for row in rows if row["id"] == "12")["latitude"] == ""


@pytest.mark.parametrize("start", DANGEROUS)
def test_no_cell_begins_like_a_formula(client: Client, start: str) -> None:
    Restaurant.objects.filter(pk=7).update(short_description=f'{start}cmd|"/c calc"!A0')

    row = next(row for row in rows_of(client) if row["id"] == "7")

    assert row["short_description"] == f"'{start}" + 'cmd|"/c calc"!A0'


def test_filters_choose_what_is_exported(client: Client) -> None:
    assert [row["id"] for row in rows_of(client, "?format=csv&city=surfside&q=bakery")] == ["31"]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/html, application/geo+json;q=0.9", "application/geo+json"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("*/*", "application/x-ndjson"),
    ],
)
def test_accept_names_the_format(client: Client, accept: str, content_type: str) -> None:
    response, _ = exported(client, Accept=accept)

    assert response.headers["Content-Type"] == content_type
    assert response.headers["Content-Disposition"].startswith('attachment; filename="restaurants.')


def test_what_is_not_offered_is_not_acceptable(client: Client) -> None:
    body = problem(
        client.get(EXPORT, headers=sent_with("catalog:export") | {"Accept": "text/html"}), 406, "not_acceptable"
    )

    assert "text/csv" in body["hint"]


def test_only_a_key_with_the_scope_exports(client: Client) -> None:
    problem(client.get(EXPORT), 401, "unauthenticated")
    problem(client.get(EXPORT, headers=sent_with("catalog:read")), 403, "forbidden")


@pytest.mark.parametrize("query", ["?format=xml", "?limit=5", "?sort=name"])
def test_what_an_export_does_not_take_is_refused(client: Client, query: str) -> None:
    problem(client.get(EXPORT + query, headers=sent_with("catalog:export")), 400, "invalid_input")


def test_places_are_fetched_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("restaurants.services.exporting.ROWS_AT_ONCE", 1)
    stream = services.export(Question())

    first = next(stream)
    Restaurant.objects.filter(pk=31).update(state_of_record="closed")

    assert [first.id, *(place.id for place in stream)] == [7, 12, 30, 31]


def test_an_export_asks_nothing_a_row(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        exported(client)

    # The export's own cursor is PostgreSQL's, not Django's: what is left is the key, and the nested test transaction.
    assert [query["sql"] for query in queries if "restaurants_" in query["sql"]] == []
    assert len(queries) <= 5
