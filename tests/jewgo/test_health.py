"""Probes and health."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client, override_settings

from restaurants.models import Restaurant

pytestmark = pytest.mark.django_db


@pytest.fixture
def database_is_away(transactional_db: None) -> Iterator[None]:
    """Point the connection at a port where nothing listens."""
    connection = connections["default"]
    place = {name: connection.settings_dict[name] for name in ("HOST", "PORT")}
    connection.close()
    connection.settings_dict.update(HOST="127.0.0.1", PORT="1")
    yield
    connection.close()
    connection.settings_dict.update(place)


def redis_is_away() -> override_settings:
    """Name a Redis where nothing listens."""
    elsewhere = settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    return override_settings(CACHES=settings.CACHES | {"default": elsewhere})


@pytest.mark.parametrize("path", ["/health", "/api/health/basic"])
def test_v3_health_is_healthy(client: Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert list(answer.json()) == ["status", "service", "version", "database", "redis"]
    assert answer.json()["database"]["status"] == answer.json()["redis"]["status"] == "connected"
    assert answer.headers["Cache-Control"] == "no-store"


def test_full_health_counts_the_catalogue(client: Client) -> None:
    body = client.get("/api/health/full").json()

    assert body["checks"] == {"db": True, "restaurants_count": 0, "hours_count": 0}
    assert body["warnings"] == ["The catalogue is empty"]


def test_full_health_counts_hours_with_and_without_the_text_they_came_from(client: Client) -> None:
    for name, known in [("Text", {"hours_raw": "Sun 9-5"}), ("Understood", {"opening_hours": "Su 09:00-17:00"})]:
        Restaurant.objects.create(name=name, state_of_record="approved", **known)
    Restaurant.objects.create(name="Neither", state_of_record="approved")

    assert client.get("/api/health/full").json()["checks"] == {"db": True, "restaurants_count": 3, "hours_count": 2}


def test_v4_health_knows_no_parameter(client: Client) -> None:
    assert client.get("/api/v4/health?verbose=1").json()["errors"][0]["code"] == "unknown_parameter"


@pytest.mark.usefixtures("database_is_away")
@pytest.mark.parametrize("path", ["/health", "/api/health/basic", "/api/health/full"])
def test_v3_health_without_a_database_is_503_and_degraded(client: Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    assert answer.json()["database"] == {"status": "unavailable"}


@pytest.mark.usefixtures("database_is_away")
def test_v4_health_without_a_database_is_a_problem_that_says_what_is_there(client: Client) -> None:
    answer = client.get("/api/v4/health")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.json()["meta"]["cache"]["status"] == "connected"


def test_v4_health_measures_the_process(client: Client) -> None:
    data = client.get("/api/v4/health").json()["data"]

    assert data["status"] == "healthy"
    assert data["cpu"]["cores"] >= 1
    assert data["memory"]["resident_bytes"] > 10_000_000


def test_a_cache_that_is_away_is_said_and_changes_nothing_else(client: Client) -> None:
    with redis_is_away():
        full, ready = client.get("/api/health/full"), client.get("/readyz?verbose")

    assert (full.status_code, full.json()["status"], full.json()["redis"]) == (
        200,
        "healthy",
        {"status": "unavailable"},
    )
    assert "The cache does not answer; answers are computed" in full.json()["warnings"]
    assert (ready.status_code, ready.json()["checks"]["cache"]["status"]) == (200, "unavailable")


@pytest.mark.usefixtures("database_is_away")
def test_a_process_without_a_database_lives_but_is_not_ready(client: Client) -> None:
    live, ready = client.get("/livez"), client.get("/readyz")

    assert (live.status_code, live.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (503, {"status": "unavailable"})
