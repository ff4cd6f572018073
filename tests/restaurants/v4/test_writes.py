"""The v4 contract of restaurants: what creates, changes and deletes."""

import json
from typing import Any

import pytest
from django.test import Client

from restaurants.models import Change, Restaurant
from tests.restaurants.v4.calls import (
    LIST,
    NEW,
    ids,
    problem,
    send,
)
from tests.users.credentials import sent_with

pytestmark = pytest.mark.django_db


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
