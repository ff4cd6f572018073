"""The v3 contract of restaurants: what is changed, deleted and listed for admins, and specials; once per engine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from restaurants.models import Change, Restaurant, Special
from tests.restaurants import contract
from tests.users.credentials import sent_with

pytestmark = pytest.mark.django_db
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(params=sorted(contract.ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Have everybody answered by one engine, then by the other."""
    with contract.served_by(request.param):
        yield request.param


@pytest.fixture
def guide(standing_guide: None, db: None) -> None:
    """Have the small guide, with one special that is on and two that are not."""
    offered = {"restaurant_id": 12, "description": "Sushi until eight", "price": "$12"}
    Special.objects.create(pk=9001, slot=1, title="Two for one", starts_at=datetime(2025, 8, 1, tzinfo=UTC), **offered)
    Special.objects.create(pk=9002, slot=2, title="Over", ends_at=now() - timedelta(days=1), **offered)
    Special.objects.create(pk=9003, slot=None, is_active=False, title="Off", **offered)


def call(client: Client, method: str, path: str, body: Any = None) -> Any:
    """Send a change with a key that may write."""
    send = getattr(client, method.lower())
    return send(path, body, content_type="application/json", headers=sent_with("catalog:write"))


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("engine_name", sorted(contract.ENGINES))
@pytest.mark.parametrize("name", contract.names(GOLDEN))
def test_the_answer_is_the_golden_one_byte_for_byte(client: Client, name: str, engine_name: str) -> None:
    golden = contract.load(name, GOLDEN)

    with contract.served_by(
        engine_name, rich_errors=golden.get("rich_errors", False), v4_rules=golden.get("v4_rules", False)
    ):
        response = contract.ask(client, golden["request"])

    assert contract.masked(response.content, tuple(golden.get("mask", ()))) == contract.expected(golden)
    assert response.status_code == golden["status"]
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.usefixtures("guide")
def test_a_put_is_one_version_with_one_entry_of_history(client: Client, engine: str) -> None:
    call(client, "PUT", "/api/restaurants/7", contract.load("put_with_everything", GOLDEN)["request"]["json"])

    stored = Restaurant.objects.get(pk=7)
    change = Change.objects.filter(restaurant=7).order_by("-pk")[0]
    assert (stored.version, stored.sort_name, stored.search_text.endswith("ok")) == (2, "grill", True)
    assert (change.action, change.actor[:2]) == ("update", "k:")
    assert change.fields["city"] == ["Aventura", "Miami"]
    assert stored.opening_hours == "Sa-Su unknown; Mo-Th 11:00-22:00; Fr 11:00-15:00"
    assert stored.source == stored.levels.get(attribute="cholov_yisroel").source == f"v3 API, {change.actor}"
    assert [held.agency.name for held in stored.certificates.all()] == ["OK"]
    assert [image.is_primary for image in stored.images.all()] == [False, False, False, True]


@pytest.mark.usefixtures("guide", "engine")
def test_what_was_read_and_is_sent_back_changes_nothing(client: Client) -> None:
    call(client, "PUT", "/api/restaurants/7", contract.load("put_what_was_read", GOLDEN)["request"]["json"])

    stored = Restaurant.objects.get(pk=7)
    assert (stored.version, Change.objects.filter(restaurant=7).count()) == (1, 1)
    assert stored.levels.get(attribute="cholov_yisroel").level == "not_applicable"


@pytest.mark.usefixtures("guide", "engine")
def test_a_category_that_v3_shows_stands_for_all_that_there_are(client: Client) -> None:
    body = contract.load("put", GOLDEN)["request"]["json"]

    call(client, "PUT", "/api/restaurants/31", body | {"kosher_category": "dairy"})
    assert Restaurant.objects.get(pk=31).kosher_categories == ["dairy", "meat"]

    call(client, "PUT", "/api/restaurants/31", body | {"kosher_category": "unknown"})
    assert Restaurant.objects.get(pk=31).kosher_categories == []


@pytest.mark.usefixtures("guide", "engine")
def test_an_agency_that_certifies_already_keeps_its_certificate(client: Client) -> None:
    call(client, "PUT", "/api/admin/restaurants", {"restaurantId": 7, "certifying_agency": "orthodox rabbinical board"})

    held = Restaurant.objects.get(pk=7).certificates.get()
    assert (held.number, held.agency.name) == ("A-7", "ORB")


@pytest.mark.usefixtures("guide", "engine")
def test_a_picture_that_is_there_becomes_the_primary_one(client: Client) -> None:
    call(client, "PUT", "/api/admin/restaurants", {"restaurantId": 7, "image_url": "https://img.example/3.jpg"})

    images = Restaurant.objects.get(pk=7).images.order_by("position")
    assert [image.is_primary for image in images] == [False, False, True]


@pytest.mark.usefixtures("guide")
def test_a_deleted_restaurant_is_gone_and_kept(client: Client, engine: str) -> None:
    response = call(client, "DELETE", "/api/restaurants/7")

    assert (response.status_code, response.content) == (204, b"")
    assert client.get("/api/restaurants/7").status_code == 404
    assert call(client, "DELETE", "/api/restaurants/7").status_code == 404
    stored = Restaurant.objects.get(pk=7)
    assert (stored.deleted_at is not None, stored.version) == (True, 2)
    assert Change.objects.filter(restaurant=7).order_by("-pk")[0].action == "delete"


@pytest.mark.usefixtures("guide", "engine")
def test_the_admin_moves_a_record_by_the_table_with_its_reason(client: Client) -> None:
    for status, reason in (("rejected", "no certificate"), ("pending", ""), ("active", "")):
        response = call(
            client, "PUT", "/api/admin/restaurants", {"restaurantId": 40, "status": status, "reason": reason}
        )
        assert response.status_code == 200

    actions = Change.objects.filter(restaurant=40).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["create", "reject", "resubmit", "approve"]
    assert client.get("/api/restaurants/40").status_code == 200


@pytest.mark.usefixtures("guide", "engine")
def test_what_the_admin_adds_is_pending_and_its_place_is_named(client: Client) -> None:
    response = call(client, "POST", "/api/admin/restaurants", contract.load("put", GOLDEN)["request"]["json"])

    added = Restaurant.objects.order_by("-pk")[0]
    assert response.headers["Location"] == f"/api/restaurants/{added.pk}"
    assert added.state_of_record == "pending"


@pytest.mark.usefixtures("guide", "engine")
@pytest.mark.parametrize(
    "query",
    ["page=" + "9" * 5000, "search=%00", "status=%00", "restaurantId=" + "9" * 30, "search=%25", "limit=%00",
     "page=99999999999999999999&limit=100", "search=" + "x" * 5000],
)  # fmt: skip
def test_garbage_in_the_admins_list_never_fails(client: Client, query: str) -> None:
    response = client.get(f"/api/admin/restaurants?{query}", headers=sent_with("catalog:read"))

    assert response.status_code == 200


@pytest.mark.usefixtures("guide", "engine")
@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '{"restaurantId": true}', '{"restaurantId": {}}', '{"restaurantId": -7}',
     '{"restaurantId": 7, "latitude": 1}', '{"restaurantId": 7, "name": null}',
     '{"restaurantId": 7, "city": "a\\u0000"}'],
)  # fmt: skip
def test_garbage_to_the_admins_put_is_refused_whole(client: Client, body: str) -> None:
    response = call(client, "PUT", "/api/admin/restaurants", body)

    assert response.status_code == 400
    assert set(response.json()) <= {"error", "meta"}
    assert Restaurant.objects.get(pk=7).version == 1


@pytest.mark.usefixtures("guide", "engine")
@pytest.mark.parametrize("pk", ["0", "9" * 25, "42"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_is_not_there_cannot_be_changed(client: Client, method: str, pk: str) -> None:
    body = contract.load("put", GOLDEN)["request"]["json"] if method == "PUT" else None

    assert call(client, method, f"/api/restaurants/{pk}", body).status_code == 404
