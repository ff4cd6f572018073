"""GET /api/v4/statistics: behind its gate, and each number is what a plain query counts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from jewgo.statistics import KEPT
from restaurants.models import Agency, Certificate, Image, Restaurant
from reviews.models import Review
from rollout.testing import at_stage
from tests.restaurants.guide import build_guide
from tests.users.callers import of, person
from tests.users.credentials import sent_with
from users.keys import Scope
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db

PUBLISHED = "restaurants_restaurant r WHERE r.state_of_record = 'approved' AND r.deleted_at IS NULL"


@pytest.fixture(autouse=True)
def open_gate_and_nothing_kept() -> Iterator[None]:
    """Open the contract, and begin without anything that was counted before."""
    KEPT.renew()
    with at_stage("api_v4_statistics", "complete"):
        yield


def scalar(statement: str) -> Any:
    """Return what one plain statement counts."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def pairs(statement: str) -> list[dict[str, Any]]:
    """Return names and counts as the answer shows them."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [{"name": name, "count": count} for name, count in cursor.fetchall()]


def asked(client: Client, headers: dict[str, str] | None = None) -> Any:
    return client.get("/api/v4/statistics", headers=headers or {}).json()["data"]


def build() -> None:
    """Store places of every kind that is counted apart, reviews of every state, people old and new."""
    build_guide()
    places = list(Restaurant.objects.published().order_by("pk"))
    today = timezone.now().date()
    agency = Agency.objects.create(name="Counting Kashrus")
    for days in (-1, 0, 30, 31):
        Certificate.objects.create(restaurant=places[0], agency=agency, valid_to=today + timedelta(days=days))
    Image.objects.create(restaurant=places[0], url="https://img.example/counted.jpg")
    Restaurant.objects.filter(pk=places[0].pk).update(opening_hours="Mo-Fr 09:00-17:00", created_at=_ago(40))
    Restaurant.objects.filter(pk=places[1].pk).update(opening_hours=None, hours_raw="whenever")
    for number, state in enumerate(("approved", "approved", "pending", "flagged", "rejected")):
        user = person(email=f"{number}@example.com")
        Review.objects.create(restaurant=places[0], user=user, rating=number + 1, content="Plain words.", state=state)
    User.objects.filter(email="0@example.com").update(date_joined=_ago(31), is_active=False)
    EmailAddress.objects.update_or_create(
        user=User.objects.get(email="1@example.com"), email="1@example.com", defaults={"verified": True}
    )


def _ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def test_each_number_of_the_catalogue_is_a_plain_query(client: Client) -> None:
    build()

    found = asked(client)["restaurants"]

    assert found["total"] == scalar(f"SELECT count(*) FROM {PUBLISHED}") == 4
    for category, number in found["by_kosher_category"].items():
        assert number == scalar(f"SELECT count(*) FROM {PUBLISHED} AND kosher_categories[1] = '{category}'")
    for column in ("state", "city"):
        counts = f"SELECT {column}, count(*) FROM {PUBLISHED} AND {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
        assert found[f"by_{column}"] == pairs(counts)
    for name, column in (("states", "state"), ("listing_types", "listing_type")):
        told = f"SELECT coalesce(json_agg(DISTINCT {column}), '[]') FROM {PUBLISHED} AND {column} IS NOT NULL"
        assert found[name] == sorted(scalar(told))
    assert found["cities"] == scalar(f"SELECT count(DISTINCT city) FROM {PUBLISHED}")
    assert found["hours"] == {
        "understood": scalar(f"SELECT count(*) FROM {PUBLISHED} AND opening_hours IS NOT NULL"),
        "not_understood": scalar(
            f"SELECT count(*) FROM {PUBLISHED} AND opening_hours IS NULL AND hours_raw IS NOT NULL"
        ),
        "unknown": scalar(f"SELECT count(*) FROM {PUBLISHED} AND opening_hours IS NULL AND hours_raw IS NULL"),
    }
    pictured = (
        f"SELECT count(*) FROM {PUBLISHED} AND EXISTS (SELECT FROM restaurants_image i WHERE i.restaurant_id = r.id)"
    )
    assert found["images"] == {"with_images": scalar(pictured), "without": found["total"] - scalar(pictured)}
    assert found["images"]["with_images"] >= 1


def test_each_number_of_the_certificates_is_a_plain_query(client: Client) -> None:
    build()

    found = asked(client)["restaurants"]

    held = "SELECT count(*) FROM restaurants_certificate c JOIN restaurants_restaurant r ON r.id = c.restaurant_id"
    shown = "r.state_of_record = 'approved' AND r.deleted_at IS NULL"
    today = f"date '{datetime.now(UTC).date()}'"
    assert found["certificates"] == {
        "in_force": scalar(f"{held} WHERE {shown} AND (valid_to IS NULL OR valid_to >= {today})"),
        "expiring_in_30_days": scalar(f"{held} WHERE {shown} AND valid_to BETWEEN {today} AND {today} + 30"),
        "expired": scalar(f"{held} WHERE {shown} AND valid_to < {today}"),
    }
    assert found["certificates"]["expiring_in_30_days"] == 2
    assert found["by_agency"] == pairs(
        "SELECT a.name, count(DISTINCT r.id)"
        " FROM restaurants_agency a JOIN restaurants_certificate c ON c.agency_id = a.id"
        f" JOIN restaurants_restaurant r ON r.id = c.restaurant_id WHERE {shown} GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    assert found["agencies"] == len(found["by_agency"])


def test_each_number_of_the_reviews_is_a_plain_query(client: Client) -> None:
    build()

    found = asked(client, sent_with("stats:read"))

    of = "SELECT count(*) FROM reviews_review WHERE state ="
    assert found["reviews"]["total"] == scalar(f"{of} 'approved'") == 2
    assert found["reviews"]["by_rating"] == {
        str(stars): scalar(f"{of} 'approved' AND rating = {stars}") for stars in range(1, 6)
    }
    assert found["reviews"]["average"] == float(scalar("SELECT avg(rating) FROM reviews_review WHERE state='approved'"))
    assert found["reviews_by_state"] == {
        state: scalar(f"{of} '{state}'") for state in ("approved", "flagged", "pending", "rejected")
    }


def test_each_number_of_the_people_is_a_plain_query(client: Client) -> None:
    build()

    found = asked(client, sent_with("stats:read"))["users"]

    count = "SELECT count(*) FROM users_user WHERE"
    assert found == {
        "total": scalar(f"{count} true"),
        "active": scalar(f"{count} is_active"),
        "staff": scalar(f"{count} is_staff"),
        "verified": scalar("SELECT count(DISTINCT user_id) FROM account_emailaddress WHERE verified"),
        "joined_in_30_days": scalar(f"{count} date_joined >= now() - interval '30 days'"),
    }
    assert (found["total"], found["joined_in_30_days"]) == (5, 4)


def test_growth_counts_each_of_twelve_months(client: Client) -> None:
    build()

    months = asked(client, sent_with("stats:read"))["growth"]

    assert [month["month"] for month in months] == pair_of_months()
    for name, table in {
        "restaurants": f"SELECT count(*) FROM {PUBLISHED} AND to_char(r.created_at, 'YYYY-MM') =",
        "reviews": "SELECT count(*) FROM reviews_review WHERE state = 'approved' AND to_char(created_at, 'YYYY-MM') =",
        "users": "SELECT count(*) FROM users_user WHERE to_char(date_joined, 'YYYY-MM') =",
    }.items():
        assert [month[name] for month in months] == [scalar(f"{table} '{month['month']}'") for month in months]
    assert sum(month["users"] for month in months) == 5


def pair_of_months() -> list[str]:
    """Return the last twelve months, this one last, as PostgreSQL counts them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_char(date_trunc('month', now()) - make_interval(months => n), 'YYYY-MM')"
            " FROM generate_series(11, 0, -1) AS n"
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.parametrize("caller", [Role.ANONYMOUS, Role.USER, Role.MODERATOR, Scope.CATALOG_READ])
def test_the_numbers_of_people_are_not_for_everybody(caller: Role | Scope, client: Client) -> None:
    found = asked(client, of(caller))

    assert {"users", "reviews_by_state"}.isdisjoint(found)
    assert all("users" not in month for month in found["growth"])


@pytest.mark.django_db(transaction=True)
def test_what_was_counted_is_kept_until_a_row_is_saved(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    before = asked(client)

    with django_assert_num_queries(0):
        assert asked(client) == before
    Restaurant(name="One more", state_of_record="approved").save()
    assert asked(client)["restaurants"]["total"] == before["restaurants"]["total"] + 1


def test_an_unknown_parameter_is_refused(client: Client) -> None:
    response = client.get("/api/v4/statistics?days=7")

    assert response.status_code == 400
    assert response.json()["errors"][0]["parameter"] == "days"


def test_a_closed_gate_sends_to_v3(client: Client) -> None:
    with at_stage("api_v4_statistics", "disabled"):
        response = client.get("/api/v4/statistics")

    assert (response.status_code, response.json()["code"]) == (404, "feature_disabled")
    assert response.headers["Link"] == '</api/statistics>; rel="alternate"'
