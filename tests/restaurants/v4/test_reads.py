"""The v4 contract of restaurants: lists and details."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from restaurants.api.v4.asking import CHOICES, PLAIN
from restaurants.api.v4.forms import RestaurantBody
from restaurants.api.v4.queries import ListQuery
from restaurants.api.v4.shapes import SHOWN
from tests.restaurants import contract
from tests.restaurants.v4.calls import LIST, ids, problem
from tests.users.credentials import sent_with

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("guide")
class TestList:
    def test_it_shows_the_approved_ones_by_name_with_what_it_did(self, client: Client) -> None:
        response = client.get(LIST)

        assert ids(response) == [12, 7, 31, 30]
        assert response.json()["meta"] == {"limit": 20, "count": 4, "next_cursor": None, "sort": "name"}

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("kosher_category=meat", [7, 31]),
            ("kosher_category=meat&kosher_category=dairy", [12, 7, 31]),
            ("kosher_category=meat,dairy", [12, 7, 31]),
            ("kosher_category=!meat", [12, 30]),
            ("kosher_category=dairy,!meat", [12]),
            ("kosher_category=unknown", [30]),
            ("kosher_category=!unknown", [12, 7, 31]),
            ("kosher_category=pareve,unknown", [30]),
            ("agency=orb", [7]),
            ("agency=ORB,kosher%20miami", [12, 7]),
            ("agency=!orb", [12, 31, 30]),
            ("city=surfside", [12, 31]),
            ("city=!Surfside", [7, 30]),
            ("city=TEL%20AVIV%20YAFO,aventura", [7, 30]),
            ("state=fl", [12, 7, 31]),
            ("state=!FL", [30]),
            ("country=il", [30]),
            ("country=US,IL", [12, 7, 31, 30]),
            ("q=elysee", [12]),
            ("q=surffside", [12, 31]),
            ("q=פָּלָאפֶל", [30]),
            ("q=soho&city=surfside", []),
            ("q=nothing%20like%20it", []),
            ("sort=-name", [30, 31, 7, 12]),
            ("sort=newest", [31, 30, 12, 7]),
            ("q=surfside&sort=name", [12, 31]),
        ],
    )
    def test_filters_are_alternatives_within_and_conditions_between(
        self, client: Client, query: str, expected: list[int]
    ) -> None:
        response = client.get(f"{LIST}?{query}")

        assert ids(response) == expected

    @pytest.mark.parametrize("sort", ["name", "-name", "newest", "relevance"])
    def test_pages_follow_each_other_without_gap_or_repetition(self, client: Client, sort: str) -> None:
        asked = f"{LIST}?sort={sort}&limit=1" + ("&q=surfside" if sort == "relevance" else "")
        whole, cursor = [], ""

        while True:
            response = client.get(asked + (f"&cursor={cursor}" if cursor else ""))
            whole += ids(response)
            cursor = response.json()["meta"]["next_cursor"]
            if cursor is None:
                break

        assert whole == ids(client.get(asked.replace("limit=1", "limit=100")))

    def test_a_limit_above_the_maximum_is_lowered_and_said(self, client: Client) -> None:
        meta = client.get(f"{LIST}?limit=1000&include_total=true").json()["meta"]

        assert (meta["limit"], meta["limit_lowered_from"], meta["total"]) == (100, 1000, 4)

    @pytest.mark.parametrize("cursor", ["x", "", "%00", "A" * 5000, "AAAAAAAAAAAAAAAAAAAAAAAA"])
    def test_a_forged_cursor_is_refused(self, client: Client, cursor: str) -> None:
        response = client.get(f"{LIST}?cursor={cursor}")

        assert response.status_code == 400

    def test_a_cursor_of_another_query_is_refused(self, client: Client) -> None:
        cursor = client.get(f"{LIST}?limit=1&city=surfside").json()["meta"]["next_cursor"]

        response = client.get(f"{LIST}?limit=1&city=aventura&cursor={cursor}")

        problem(response, 400, "invalid_cursor")

    def test_fields_choose_the_members_in_their_own_order(self, client: Client) -> None:
        [place] = client.get(f"{LIST}?q=soho&fields=name,id").json()["data"]

        assert list(place) == ["id", "name"]

    @pytest.mark.parametrize(
        ("query", "parameter", "says"),
        [
            ("colour=blue", "colour", "'country'"),
            ("citty=x", "citty", "'city'"),
            ("kosher_category=diary", "kosher_category", "'dairy'"),
            ("sort=nmae", "sort", "'name'"),
            ("sort=relevance", "sort", "Relevance needs a text"),
            ("fields=nam", "fields", "'name'"),
            ("limit=abc", "limit", "integer"),
            ("limit=0", "limit", "1"),
            ("limit=1&limit=2", "limit", "once"),
            ("city=", "city", "blank"),
            ("city=!", "city", "blank"),
            ("city=%00", "city", "NUL"),
            ("q=" + "x" * 201, "q", "200"),
            ("lat=NaN&lng=0", "lat", "valid number"),
        ],
    )
    def test_what_is_not_understood_is_refused_by_name(
        self, client: Client, query: str, parameter: str, says: str
    ) -> None:
        body = problem(client.get(f"{LIST}?{query}"), 400, "invalid_input")

        [found] = body["errors"]
        assert found["parameter"] == parameter
        assert says in found["detail"]

    def test_it_costs_one_query_also_when_counted_and_one_more_for_a_text(self, client: Client) -> None:
        client.get(LIST)

        with CaptureQueriesContext(connection) as bare:
            client.get(LIST)
        with CaptureQueriesContext(connection) as counted:
            client.get(f"{LIST}?include_total=true&q=surfside&agency=orb,!ou&kosher_category=meat")

        assert (len(bare), len(counted)) == (1, 2)

    def test_an_unchanged_list_is_not_sent_again(self, client: Client) -> None:
        tag = client.get(LIST).headers["ETag"]

        again = client.get(LIST, headers={"If-None-Match": tag})

        assert tag.startswith('W/"')
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.usefixtures("guide")
class TestDetail:
    def test_it_shows_facts_with_their_level_scope_source_and_date(self, client: Client) -> None:
        kosher = client.get(f"{LIST}/12").json()["data"]["kosher"]

        assert kosher["categories"] == ["dairy"]
        assert kosher["levels"]["pas_yisroel"] == {
            "level": "some",
            "scope": "Bread Only",
            "source": "a public list",
            "sourced_on": "2025-08",
        }
        assert kosher["levels"]["glatt"] == {"level": "unknown", "scope": None, "source": None, "sourced_on": None}
        assert [agency["name"] for agency in kosher["agencies"]] == ["Kosher Miami"]

    def test_an_expired_certificate_is_shown_and_flagged(self, client: Client) -> None:
        [certificate] = client.get(f"{LIST}/7").json()["data"]["kosher"]["certificates"]

        assert (certificate["valid_to"], certificate["is_expired"]) == (str(date(2019, 4, 19)), True)

    def test_it_has_the_documented_members_in_their_order(self, client: Client) -> None:
        response = client.get(f"{LIST}/30")

        assert tuple(response.json()["data"]) == SHOWN
        assert "פלאפל גבאי" in response.content.decode()

    @pytest.mark.parametrize("restaurant_id", ["40", "41", "42", "999", "0", "99999999999999999999"])
    def test_what_is_not_published_does_not_exist_for_the_public(self, client: Client, restaurant_id: str) -> None:
        problem(client.get(f"{LIST}/{restaurant_id}"), 404, "unknown_restaurant")

    def test_who_keeps_the_catalogue_sees_every_state_but_deleted(self, client: Client) -> None:
        headers = sent_with("catalog:read")

        statuses = [client.get(f"{LIST}/{pk}", headers=headers).status_code for pk in (7, 40, 41, 42)]

        assert statuses == [200, 200, 200, 404]

    def test_an_unchanged_restaurant_is_not_sent_again(self, client: Client) -> None:
        tag = client.get(f"{LIST}/7").headers["ETag"]

        same = client.get(f"{LIST}/7", headers={"If-None-Match": tag})
        other = client.get(f"{LIST}/7?fields=name", headers={"If-None-Match": tag})

        assert (same.status_code, other.status_code) == (304, 200)


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize(("path", "v3_path"), [(LIST, "/api/restaurants"), (f"{LIST}/7", "/api/restaurants/7")])
def test_a_closed_gate_sends_to_v3(client: Client, path: str, v3_path: str) -> None:
    with contract.served_by("v3"):
        response = client.get(path)

    problem(response, 404, "feature_disabled")
    assert response.headers["Link"] == f'<{v3_path}>; rel="alternate"'
    assert response.headers["Cache-Control"] == "no-store"


def test_whatever_a_change_can_set_an_answer_shows() -> None:
    shown_elsewhere = {"latitude", "longitude", "kosher_categories", "levels"}

    assert set(RestaurantBody().fields) - shown_elsewhere <= set(SHOWN)


def test_every_filter_is_a_parameter() -> None:
    assert {*CHOICES, *PLAIN} <= ListQuery().get_fields().keys()
