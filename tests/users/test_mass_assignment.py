"""Whoever sends every column of every table to every write changes nothing that the contract does not name."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest
from django.db import connection
from django.test import Client

from restaurants.models import Restaurant
from reviews.models import Review
from rollout.models import Flag, Override, Step
from rollout.testing import at_stage
from tests.reviews import world
from tests.users.callers import person
from tests.users.credentials import signed_in
from users.authority import AUTHORITY
from users.models import RoleGrant, ServiceKey, User
from users.roles import Role

pytestmark = pytest.mark.django_db

MODELS: Final = (Restaurant, Review, User, RoleGrant, ServiceKey, Flag, Step, Override)
COLUMNS: Final = {
    field.attname: 7 for model in MODELS for field in model._meta.concrete_fields
} | {"is_superuser": True, "is_staff": True, "password": "x", "state": "approved", "state_of_record": "approved",
     "deleted_at": "2026-01-01T00:00:00Z", "version": 99, "helpful_count": 99, "roles": ["super_admin"]}  # fmt: skip
WRITES: Final = sorted(
    route for route in AUTHORITY if "/api/v4/" in route and route.split()[0] in {"POST", "PUT", "PATCH"}
)
BODILESS: Final = {
    "POST /api/v4/restaurants/<int:restaurant_id>/share",
    "POST /api/v4/reviews/<int:review_id>/helpful",
    "PUT /api/v4/users/me/favourites/<int:restaurant_id>",
}
"""What takes no body looks at none."""
KEPT: Final = ("restaurants_restaurant", "reviews_review", "users_user", "users_rolegrant", "users_servicekey",
               "rollout_flag", "rollout_override")  # fmt: skip


@pytest.fixture(autouse=True)
def open_gates() -> Iterator[None]:
    with ExitStack() as stack:
        for domain in ("restaurants", "reviews", "users", "statistics"):
            stack.enter_context(at_stage(f"api_v4_{domain}", "full"))
        world.build()
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('users_user_id_seq', 1000)")  # beyond the ids that the world chose
        yield


def rows() -> dict[str, Any]:
    """Return every row of the tables that matter."""
    found = {}
    with connection.cursor() as cursor:
        for table in KEPT:
            cursor.execute(f"SELECT to_jsonb(t) - 'last_login' FROM {table} t ORDER BY id")
            found[table] = [json.loads(row) if isinstance(row, str) else row for (row,) in cursor.fetchall()]
    return found


def test_v4_refuses_what_no_contract_names(client: Client) -> None:
    headers = signed_in(person(Role.SUPER_ADMIN)) | {"If-Match": "*"}
    before = rows()

    answers = {}
    for route in WRITES:
        method, path = route.split()
        path = re.sub(
            r"<int:(\w+)>", lambda found: {"restaurant_id": "11", "review_id": "101"}.get(found[1], "3"), path
        )
        path = re.sub(r"<str:\w+>", "api_v4_users", path)
        answer = client.generic(method, path, json.dumps(COLUMNS), "application/json", headers=headers)
        answers[route] = answer.status_code

    assert {route: status for route, status in answers.items() if not 400 <= status < 500}.keys() <= BODILESS
    after = rows()
    assert {table: after[table] for table in KEPT if table != "reviews_review"} == {
        table: before[table] for table in KEPT if table != "reviews_review"
    }
    changed = [{**row, "helpful_count": 0} for row in after["reviews_review"]]
    assert changed == [{**row, "helpful_count": 0} for row in before["reviews_review"]]


def test_v3_ignores_what_its_contract_does_not_name(client: Client) -> None:
    root = signed_in(person(Role.SUPER_ADMIN, email="root@example.com"))
    dana = User.objects.get(pk=3)
    extra = {
        name: value for name, value in COLUMNS.items() if name not in {"name", "rating", "title", "content", "images"}
    }
    review = {
        **extra,
        "restaurantId": 12,
        "rating": 5,
        "title": "",
        "content": "Just words, nothing more.",
        "images": [],
    }

    made = client.post("/api/reviews", review, "application/json", headers=signed_in(person(email="new@example.com")))
    amended = client.put("/api/reviews/101", review, "application/json", headers=signed_in(dana))
    named = client.put("/api/admin/users", {**extra, "userId": 4, "name": "N"}, "application/json", headers=root)

    assert (made.status_code, amended.status_code, named.status_code) == (201, 200, 200)
    for stored in (Review.objects.get(pk=made.json()["review"]["id"]), Review.objects.get(pk=101)):
        assert (stored.state, stored.moderator_notes) == ("pending", "")
        assert stored.helpful_count in {0, 2}
    assert (Review.objects.get(pk=101).restaurant_id, Review.objects.get(pk=101).user_id) == (11, 3)
    nameless = User.objects.get(pk=4)
    assert (nameless.name, nameless.is_staff, nameless.is_superuser) == ("N", False, False)
    assert not nameless.granted_roles


def test_v3_ignores_it_in_a_place_too(client: Client) -> None:
    keeper = signed_in(person(Role.DATA_ADMIN, email="keeper@example.com"))
    given = {"name": "Another", "address": "1 Main St", "city": "Miami", "state": "FL", "zip_code": "33139",
             "phone_number": "(305) 555-0100", "kosher_category": "meat", "listing_type": "restaurant"}  # fmt: skip
    hidden = ("state_of_record", "deleted_at", "version", "search_text", "sort_name", "is_shabbat_exempt",
              "quality_flags", "source", "id")  # fmt: skip

    made = client.post(
        "/api/restaurants", given | {name: COLUMNS[name] for name in hidden}, "application/json", headers=keeper
    )

    place = Restaurant.objects.get(pk=made.json()["data"]["restaurant"]["id"])
    assert (made.status_code, place.state_of_record, place.version, place.deleted_at) == (201, "pending", 1, None)
    assert (place.is_shabbat_exempt, place.quality_flags) == (False, [])
    assert place.pk != 7
