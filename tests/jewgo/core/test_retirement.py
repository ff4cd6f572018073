"""The end of the v3 contract."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.sites import site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jewgo.core import retirement
from jewgo.core.models import Sunset
from jewgo.core.retirement import FRESH_S, SunsetDate

TOMORROW = datetime.now(UTC) + timedelta(days=1)
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.mark.django_db
def test_the_date_that_staff_set_is_announced(client: Client) -> None:
    Sunset.objects.create(at=datetime(2093, 11, 6, 8, 49, 37, tzinfo=UTC))

    answer = client.get("/api/nowhere")

    assert answer.status_code == 404
    assert answer.headers["Sunset"] == "Fri, 06 Nov 2093 08:49:37 GMT"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/restaurants", "/api/nowhere"])
def test_after_the_date_v3_is_gone(client: Client, path: str) -> None:
    Sunset.objects.create(at=YESTERDAY)

    answer = client.get(path)

    assert (answer.status_code, answer.json()["success"]) == (410, False)
    assert "Sunset" in answer.headers
    assert "successor-version" in answer.headers["Link"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health", "/api/health/basic", "/api/docs", "/api/v4/health", "/"])
def test_after_the_date_health_documentation_and_v4_are_served(client: Client, path: str) -> None:
    Sunset.objects.create(at=YESTERDAY)

    assert client.get(path).status_code == 200


@pytest.mark.django_db
def test_taking_the_date_back_brings_v3_back(client: Client) -> None:
    sunset = Sunset.objects.create(at=YESTERDAY)
    sunset.delete()

    assert client.get("/api/nowhere").status_code == 404


@pytest.mark.django_db
def test_the_date_is_looked_up_once_in_a_while() -> None:
    now = [1000.0]
    date = SunsetDate(clock=lambda: now[0])
    Sunset.objects.create(at=TOMORROW)

    with CaptureQueriesContext(connection) as queries:
        first = [date.get() for _ in range(5)]
        now[0] += FRESH_S
        date.get()

    assert set(first) == {TOMORROW}
    assert len(queries) == 2


@pytest.mark.django_db(transaction=True)
def test_without_a_database_the_date_stays_what_it_was() -> None:
    now = [1000.0]
    date = SunsetDate(clock=lambda: now[0])
    date.put(TOMORROW)
    now[0] += FRESH_S
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_sunset RENAME TO core_elsewhere")

    try:
        assert date.get() == TOMORROW
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE core_elsewhere RENAME TO core_sunset")


def test_staff_find_the_date_in_the_admin() -> None:
    assert site.is_registered(Sunset)
    assert "until" in str(Sunset(at=TOMORROW))
    assert retirement.sunset.get() is None
