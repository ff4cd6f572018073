"""GET /api/v4/statistics: behind its gate, and each number is what a plain query counts."""

import pytest
from django.db import connection
from django.test import Client

from rollout.testing import at_stage
from tests.restaurants.guide import build_guide

pytestmark = pytest.mark.django_db

PUBLISHED = "FROM restaurants_restaurant WHERE state_of_record = 'approved' AND deleted_at IS NULL"


def counted(condition: str) -> int:
    """Count published restaurants with SQL."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {PUBLISHED} AND {condition}")
        return int(cursor.fetchone()[0])


def test_each_number_reconciles_with_a_plain_query(client: Client) -> None:
    build_guide()

    with at_stage("api_v4_statistics", "complete"):
        numbers = client.get("/api/v4/statistics").json()["data"]["restaurants"]

    assert numbers["total"] == counted("true") == 4
    for category, number in numbers["by_kosher_category"].items():
        assert number == counted(f"kosher_categories[1] = '{category}'")
    assert numbers["states"] == ["FL"]


def test_an_unknown_parameter_is_refused(client: Client) -> None:
    with at_stage("api_v4_statistics", "complete"):
        response = client.get("/api/v4/statistics?days=7")

    assert response.status_code == 400
    assert response.json()["errors"][0]["parameter"] == "days"


def test_a_closed_gate_sends_to_v3(client: Client) -> None:
    with at_stage("api_v4_statistics", "disabled"):
        response = client.get("/api/v4/statistics")

    assert (response.status_code, response.json()["code"]) == (404, "feature_disabled")
    assert response.headers["Link"] == '</api/statistics>; rel="alternate"'
