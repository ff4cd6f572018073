"""The v4 contract of restaurants: lists, details, changes, and what stands before them."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from restaurants.api.v4_forms import FILTERS, ListQuery, RestaurantBody
from restaurants.api.v4_shapes import SHOWN
from restaurants.models import Change, Restaurant
from tests.restaurants import contract
from tests.users.credentials import sent_with

pytestmark = pytest.mark.django_db

LIST = "/api/v4/restaurants"
NEW = {
    "name": "Pita Place",
    "address": "1 Ocean Dr",
    "city": "Miami",
    "country": "us",
    "kosher_categories": ["pareve"],
    "source": "the owner's certificate",
    "sourced_on": "2025-08",
    "levels": [{"attribute": "pas_yisroel", "level": "some", "scope": "Bread Only"}],
    "agency": "ORB",
}


@pytest.fixture(autouse=True)
def open_gate() -> Iterator[None]:
    """Let everybody in."""
    with contract.served_by("v4"):
        yield


@pytest.fixture
def guide(standing_guide: None, db: None) -> None:
    """Have the small guide."""


def ids(response: Any) -> list[int]:
    """Return the ids of a list's restaurants, in their order."""
    assert response.status_code == 200, response.content
    return [place["id"] for place in json.loads(response.content)["data"]]


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
    """Send a change with a key that may write."""
    sent = sent_with("catalog:write") | {name.replace("_", "-"): value for name, value in headers.items()}
    text = "" if body is None else json.dumps(body)
    return client.generic(method, path, text, content_type="application/json", headers=sent)  # type: ignore[return-value]


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Return a problem document, checked for what every one of them has."""
    body: dict[str, Any] = json.loads(response.content)
    assert (response.status_code, body["status"], body["code"], body["success"]) == (status, status, code, False)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert body["request_id"]
    return body


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
            ("lat=NaN", "lat", "known are"),
        ],
    )
    def test_what_is_not_understood_is_refused_by_name(
        self, client: Client, query: str, parameter: str, says: str
    ) -> None:
        body = problem(client.get(f"{LIST}?{query}"), 400, "invalid_input")

        [found] = body["errors"]
        assert found["parameter"] == parameter
        assert says in found["detail"]

    def test_it_costs_two_queries_at_most(self, client: Client) -> None:
        client.get(LIST)

        with CaptureQueriesContext(
            connection,
        ) as bare:
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
class TestCreate:
    def test_it_stores_a_pending_restaurant_and_says_where(self, client: Client) -> None:
        response = send(client, "POST", LIST, NEW)

        body = json.loads(response.content)
        where = response.headers["Location"]
        assert (response.status_code, body["data"]["record_state"], body["data"]["country"]) == (201, "pending", "US")
        assert where == f"{LIST}/{body['data']['id']}"
        shown = client.get(where, headers=sent_with("catalog:read"))
        assert shown.json()["data"] == body["data"]
        assert shown.headers["ETag"] == response.headers["ETag"]
        assert body["data"]["kosher"]["levels"]["pas_yisroel"]["source"] == "the owner's certificate"
        assert client.get(where).status_code == 404

    def test_a_dry_run_says_the_same_and_stores_nothing(self, client: Client) -> None:
        before = (Restaurant.objects.count(), Change.objects.count())

        response = send(client, "POST", f"{LIST}?dry_run=true", NEW)

        body = json.loads(response.content)
        assert (response.status_code, body["meta"], body["data"]["id"]) == (200, {"dry_run": True}, None)
        assert "Location" not in response.headers
        assert (Restaurant.objects.count(), Change.objects.count()) == before

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"name": None}, "/name", "null"),
            ({"nmae": "x"}, "/nmae", "unknown_field"),
            ({"name": "(305) 555-0101"}, "/name", "name_is_phone_number"),
            ({"address": "Address not provided"}, "/address", "placeholder_value"),
            ({"source": ""}, "/source", "source_required"),
            ({"kosher_categories": ["treif"]}, "/kosher_categories/0", "unknown_value"),
            ({"levels": [{"attribute": "glat", "level": "all"}]}, "/levels/0/attribute", "unknown_value"),
            ({"levels": [{"attribute": "glatt", "level": "all"}] * 2}, "/levels/1/attribute", "repeated_value"),
            ({"latitude": 1.0}, "/longitude", "required"),
            ({"latitude": 95.0, "longitude": 1.0}, "/latitude", "max_value"),
            ({"timezone": "Mars/Olympus"}, "/timezone", "unknown_value"),
            ({"country": "USA"}, "/country", "invalid"),
            ({"name": "x" * 201}, "/name", "max_length"),
            ({"website": "javascript:alert(1)"}, "/website", "invalid"),
            ({"sourced_on": "last week"}, "/sourced_on", "invalid"),
        ],
    )
    def test_every_fault_is_pointed_at(self, client: Client, change: dict[str, Any], pointer: str, code: str) -> None:
        response = send(client, "POST", LIST, NEW | change)

        body = json.loads(response.content)
        assert response.status_code == 400
        assert (pointer, code) in {(error["pointer"], error["code"]) for error in body["errors"]}
        assert not Restaurant.objects.filter(pk__gt=42).exists()

    def test_everything_that_is_missing_is_said_at_once(self, client: Client) -> None:
        body = problem(send(client, "POST", LIST, {}), 400, "invalid_input")

        assert {error["pointer"] for error in body["errors"]} == {"/name", "/address", "/city", "/country"}

    @pytest.mark.parametrize("body", ["{", "[]", "null", "[" * 10_000, '{"name": "\\ud800"}', '{"latitude": NaN}'])
    def test_a_body_that_is_no_restaurant_is_a_problem(self, client: Client, body: str) -> None:
        headers = sent_with("catalog:write")

        response = client.post(LIST, body, content_type="application/json", headers=headers)

        assert response.status_code == 400
        assert response.headers["Content-Type"] == "application/problem+json"

    def test_it_needs_a_key_with_the_scope(self, client: Client) -> None:
        nobody = client.post(LIST, NEW, content_type="application/json")
        somebody = client.post(LIST, NEW, content_type="application/json", headers=sent_with("stats:read"))

        problem(nobody, 401, "unauthenticated")
        problem(somebody, 403, "forbidden")
        assert nobody.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.usefixtures("guide")
class TestChange:
    @pytest.fixture
    def tag(self, client: Client) -> str:
        """Return the tag of the restaurant that is to be changed."""
        return client.get(f"{LIST}/7").headers["ETag"]

    def test_a_patch_changes_what_it_names_and_nothing_else(self, client: Client, tag: str) -> None:
        before = client.get(f"{LIST}/7").json()["data"]

        response = send(client, "PATCH", f"{LIST}/7", {"city": "Bal Harbour"}, if_match=tag)

        after = json.loads(response.content)["data"]
        differing = {name for name in after if after[name] != before[name]}
        assert response.status_code == 200
        assert differing == {"city", "version", "updated_at"}
        assert after["version"] == before["version"] + 1
        assert client.get(f"{LIST}/7").headers["ETag"] == response.headers["ETag"] != tag
        assert ids(client.get(f"{LIST}?city=bal%20harbour")) == [7]

    def test_a_patch_leaves_one_entry_of_history(self, client: Client, tag: str) -> None:
        send(client, "PATCH", f"{LIST}/7", {"city": "Bal Harbour"}, if_match=tag, x_request_id="r-1")

        change = Change.objects.filter(restaurant=7).order_by("-pk")[0]
        assert change.fields == {"city": ["Aventura", "Bal Harbour"]}
        assert (change.action, change.request_id, change.actor[:2]) == ("update", "r-1", "k:")

    def test_a_put_makes_unknown_what_it_leaves_out_but_keeps_what_has_its_own_door(
        self, client: Client, tag: str
    ) -> None:
        body = {name: NEW[name] for name in ("name", "address", "city", "country")}

        after = json.loads(send(client, "PUT", f"{LIST}/7", body, if_match=tag).content)["data"]

        assert (after["phone_number"], after["location"], after["kosher"]["categories"]) == (None, None, [])
        assert after["kosher"]["levels"]["pas_yisroel"]["level"] == "unknown"
        assert len(after["images"]) == 3
        assert len(after["kosher"]["certificates"]) == 1
        assert after["hours"]["opening_hours"] == "Mo 12:00-22:30"

    def test_the_version_part_of_the_tag_suffices(self, client: Client, tag: str) -> None:
        version = tag.strip('"').partition(".")[0]

        response = send(client, "PATCH", f"{LIST}/7", {"city": "Bal Harbour"}, if_match=f'"{version}"')

        assert response.status_code == 200

    def test_what_a_partial_change_does_give_has_to_be_whole(self, client: Client) -> None:
        response = send(client, "PATCH", f"{LIST}/7", {"levels": [{"attribute": "glatt"}]}, **{"If-Match": "*"})

        errors = json.loads(response.content)["errors"]
        assert [(error["pointer"], error["code"]) for error in errors] == [("/levels/0/level", "required")]

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_a_change_without_if_match_is_refused(self, client: Client, method: str) -> None:
        body = None if method == "DELETE" else {name: NEW[name] for name in ("name", "address", "city", "country")}

        problem(send(client, method, f"{LIST}/7", body), 428, "precondition_required")

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_a_change_of_another_version_is_refused(self, client: Client, method: str) -> None:
        body = None if method == "DELETE" else {name: NEW[name] for name in ("name", "address", "city", "country")}

        problem(send(client, method, f"{LIST}/7", body, if_match='"99.abcdef01"'), 412, "precondition_failed")
        assert Restaurant.objects.get(pk=7).city == "Aventura"

    def test_a_change_that_breaks_a_rule_is_refused_whole(self, client: Client, tag: str) -> None:
        response = send(client, "PATCH", f"{LIST}/7", {"city": "Miami", "source": ""}, if_match=tag)

        body = problem(response, 400, "invalid_restaurant")
        assert [error["pointer"] for error in body["errors"]] == ["/source"]
        assert Restaurant.objects.get(pk=7).city == "Aventura"

    def test_a_dry_run_of_a_change_stores_nothing(self, client: Client, tag: str) -> None:
        response = send(client, "PATCH", f"{LIST}/7?dry_run=true", {"city": "Miami"}, if_match=tag)

        assert json.loads(response.content)["data"]["city"] == "Miami"
        assert Restaurant.objects.get(pk=7).city == "Aventura"

    def test_a_deleted_restaurant_is_gone_for_everybody_and_kept(self, client: Client, tag: str) -> None:
        response = send(client, "DELETE", f"{LIST}/7", if_match=tag)

        assert (response.status_code, response.content) == (204, b"")
        assert client.get(f"{LIST}/7").status_code == 404
        assert send(client, "DELETE", f"{LIST}/7", if_match=tag).status_code == 404
        assert Restaurant.objects.get(pk=7).deleted_at is not None
        assert client.get("/api/restaurants/7").status_code == 404


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
    assert set(FILTERS) <= ListQuery().get_fields().keys()
