"""The v3 contract of restaurants: the golden files, once per engine, and what no file can say."""

import json
from collections.abc import Iterator
from datetime import datetime

import pytest
from django.test import Client

from restaurants.api.v3_schema import HitShape, RestaurantShape
from restaurants.models import Change, Restaurant
from tests.restaurants import contract
from tests.users.credentials import sent_with

pytestmark = pytest.mark.django_db


@pytest.fixture(params=sorted(contract.ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Have everybody answered by one engine, then by the other."""
    with contract.served_by(request.param):
        yield request.param


@pytest.fixture
def guide(standing_guide: None, db: None) -> None:
    """Have the small guide."""


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("engine_name", sorted(contract.ENGINES))
@pytest.mark.parametrize("name", contract.names())
def test_the_answer_is_the_golden_one_byte_for_byte(client: Client, name: str, engine_name: str) -> None:
    golden = contract.load(name)

    with contract.served_by(
        engine_name, rich_errors=golden.get("rich_errors", False), v4_rules=golden.get("v4_rules", False)
    ):
        response = contract.ask(client, golden["request"])

    assert contract.masked(response.content, tuple(golden.get("mask", ()))) == contract.expected(golden)
    assert response.status_code == golden["status"]
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize(
    ("path", "feature"), [("/api/restaurants/7", "api_v4_restaurants"), ("/api/statistics", "api_v4_statistics")]
)
def test_the_answer_says_which_engine_gave_it(client: Client, engine: str, path: str, feature: str) -> None:
    response = client.get(path)

    assert response.headers["X-JewGo-Served-By"].startswith(f"{engine}; feature={feature}; reason=")


@pytest.mark.usefixtures("guide", "engine")
def test_every_answer_announces_the_end_of_the_contract_and_its_successor(client: Client) -> None:
    for path in ("/api/restaurants", "/api/restaurants/search", "/api/restaurants/999"):
        headers = client.get(path).headers

        assert headers["Deprecation"].startswith("@")
        assert 'rel="successor-version"' in headers["Link"]
        assert headers["Vary"] == "Authorization, X-Session-Token, X-Device-ID, Cookie, Accept, Accept-Language"


@pytest.mark.usefixtures("guide", "engine")
def test_the_masked_values_are_what_they_should_be(client: Client) -> None:
    response = client.get("/api/restaurants/7", headers={"X-Request-ID": "my-own-id"})
    body = response.json()

    assert contract.NAIVE.search(response.content)
    assert body["meta"]["request_id"] == "my-own-id"
    local = datetime.fromisoformat(body["restaurant"]["current_time_local"])
    assert str(local.utcoffset()) in {"-1 day, 19:00:00", "-1 day, 20:00:00"}
    assert client.get("/api/restaurants/search?q=soho").json()["data"]["execution_time"] >= 0


@pytest.mark.usefixtures("guide", "engine")
@pytest.mark.parametrize(
    "query",
    [
        "limit=abc&offset=xyz",
        "limit=-5",
        "limit=1.5",
        "limit=" + "9" * 5000,
        "offset=" + "9" * 5000,
        "offset=99999999999999999999",
        "limit=%00",
        "city=%00&state=%00&kosher_type=%00&status=%00&business_types=%00",
        "city=%ED%A0%80",
        "city=%FF%FE",
        "business_types=" + "&business_types=".join(str(number) for number in range(500)),
        "city=" + "x" * 3000,
        "kosher_type='; DROP TABLE restaurants_restaurant; --",
        "city=%25&state=_",
        "limit=0",
    ],
)
def test_garbage_in_a_list_never_fails(client: Client, query: str) -> None:
    response = client.get(f"/api/restaurants?{query}")

    assert response.status_code == 200
    assert response.json()["success"] is True


@pytest.mark.usefixtures("guide", "engine")
@pytest.mark.parametrize(
    "q",
    ["%00", "%ED%A0%80", "%F0%9F%8D%95", "!!!", "%25", "_", "\\", "'", "%D6%B8", "x" * 5000, "a " * 2000, "%E2%80%8F"],
)
def test_garbage_in_a_search_never_fails(client: Client, q: str) -> None:
    response = client.get(f"/api/restaurants/search?q={q}")

    assert response.status_code == 200


@pytest.mark.usefixtures("guide", "engine")
@pytest.mark.parametrize("name", ["0", "00007", "9" * 25, "-1", "7x", "%00", "1e3", "9" * 5000])
def test_garbage_for_an_id_is_a_404_or_the_restaurant(client: Client, name: str) -> None:
    response = client.get(f"/api/restaurants/{name}")

    assert response.status_code == (200 if name == "00007" else 404)
    assert response.json()["status_code"] == response.status_code


@pytest.mark.usefixtures("guide", "engine")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b'{"name": "\\ud800"}',
        b'{"name": "a\\u0000b"}',
        b"[" * 10_000,
        b'{"latitude": NaN}',
    ],
)
def test_a_body_that_is_no_restaurant_is_refused_and_nothing_is_written(client: Client, body: bytes) -> None:
    headers = sent_with("catalog:write")
    before = Restaurant.objects.count()

    response = client.post("/api/restaurants", body, content_type="application/json", headers=headers)

    assert response.status_code == 400
    assert response.json()["success"] is False
    assert Restaurant.objects.count() == before


@pytest.mark.usefixtures("guide", "engine")
@pytest.mark.parametrize(
    "odd",
    [
        {"name": "x" * 201},
        {"name": None},
        {"name": {"a": 1}},
        {"latitude": 91, "longitude": 0},
        {"latitude": 1e999, "longitude": 0},
        {"latitude": 1},
        {"timezone": "../../etc/passwd"},
        {"timezone": "Mars/Olympus"},
        {"price_range": "cheap"},
        {"website": "javascript:alert(1)"},
        {"is_cholov_yisroel": "maybe"},
        {"zip_code": " "},
        {"kosher_category": ["meat"]},
    ],
)
def test_a_field_that_cannot_be_stored_is_refused(client: Client, odd: dict[str, object]) -> None:
    whole = contract.load("create")["request"]["json"] | odd
    text = json.dumps(whole).replace("Infinity", "1e999")

    response = client.post(
        "/api/restaurants", text, content_type="application/json", headers=sent_with("catalog:write")
    )

    assert response.status_code == 400
    assert not Restaurant.objects.filter(pk__gt=42).exists()


@pytest.mark.usefixtures("guide")
def test_a_created_restaurant_is_pending_with_one_row_and_its_history(client: Client, engine: str) -> None:
    headers = sent_with("catalog:write")
    body = contract.load("create_with_everything")["request"]["json"]

    created = client.post("/api/restaurants", body, content_type="application/json", headers=headers).json()

    restaurant = Restaurant.objects.get(pk=created["data"]["restaurant"]["id"])
    change = Change.objects.get(restaurant=restaurant)
    assert (restaurant.state_of_record, restaurant.version, restaurant.sort_name) == ("pending", 1, "pita place")
    assert "orb" in restaurant.search_text
    assert restaurant.source == change.fields["source"][1] == f"v3 API, {change.actor}"
    assert (change.action, change.actor[:2]) == ("create", "k:")
    assert restaurant.levels.get(attribute="pas_yisroel").level == "all"
    assert client.get(f"/api/restaurants/{restaurant.pk}").status_code == 404


@pytest.mark.usefixtures("guide")
def test_other_findings_of_the_v4_rules_are_logged_and_not_returned(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    body = contract.load("create")["request"]["json"]

    with contract.served_by("v3", v4_rules=True), caplog.at_level("INFO", logger="restaurants.api.v3_writes"):
        response = client.post(
            "/api/restaurants", body, content_type="application/json", headers=sent_with("catalog:write")
        )

    assert response.status_code == 201
    [record] = [record for record in caplog.records if record.name == "restaurants.api.v3_writes"]
    assert record.fields == {"findings": ["required"]}  # type: ignore[attr-defined]  # v3 never asked for the country


def test_the_description_names_the_39_keys_in_their_order() -> None:
    [hit] = contract.load("search")["body"]["data"]["results"]

    assert list(RestaurantShape.__annotations__) == list(contract.load("detail")["body"]["restaurant"])
    assert len(RestaurantShape.__annotations__) == 39
    assert list(HitShape.__annotations__) == list(hit)
