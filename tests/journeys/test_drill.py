"""A v4 that always fails is met by nobody: every read answers 200 from v3, a write leaves exactly one row."""

import pytest

from tests.journeys.client import in_parallel
from tests.journeys.service import Service
from tests.journeys.test_share import DEVICES

READS = [
    "/api/restaurants?limit=5",
    "/api/restaurants/search?q=pizza",
    "/api/restaurants/1001",
    "/api/kosher-types",
    "/api/restaurants/business-types",
]
PLACE = {
    "name": "Drill Diner",
    "address": "1 Test Street",
    "city": "Miami Beach",
    "state": "FL",
    "zip_code": "33139",
    "phone_number": "(305) 555-0100",
    "kosher_category": "meat",
    "listing_type": "restaurant",
}


@pytest.mark.parametrize("fault", ["error", "wrong"])
def test_reads_are_answered_by_v3_while_v4_fails(service: Service, fault: str) -> None:
    service.put_all_at("full")
    service.move("drill", features=["api_v4_restaurants"], fault=fault, lasts_s=30)
    client = service.client

    answers = in_parallel(lambda number: client.get(READS[number % len(READS)], device=DEVICES[number]), range(500))

    assert {answer.status for answer in answers} == {200}
    assert {answer.engine for answer in answers} == {"v3"}
    assert {answer.reason for answer in answers} <= {"fallback", "breaker", "bulkhead", "holdout"}
    assert any(answer.reason == "fallback" for answer in answers)


def test_a_write_that_v4_fails_leaves_exactly_one_row(service: Service) -> None:
    service.put_all_at("full")
    service.manage(
        "rollout", "drill", "api_v4_restaurants", "--fault", "error", "--for", "30s", "--reason", "drill", "--wait",
        check=True,
    )  # fmt: skip
    before = service.count("restaurants_restaurant")

    answer = service.client.request("POST", "/api/restaurants", body=PLACE, headers=service.key_headers)

    assert answer.status == 201, answer.body
    assert answer.engine == "v3"
    assert service.count("restaurants_restaurant") == before + 1
