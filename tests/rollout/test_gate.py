"""What a client of either contract sees of the rollout: who answered, a device cookie, a gate."""

import os
import subprocess
import sys

import pytest
from django.test import Client

from rollout import registry
from rollout.gate import rich_errors
from rollout.identity import DEVICE_COOKIE
from rollout.middleware import SERVED_BY
from rollout.recording import recorder
from rollout.testing import at_stage
from tests.rollout.urls import FEATURE

pytestmark = [pytest.mark.urls("tests.rollout.urls"), pytest.mark.django_db]

DEVICE = "3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b"
HEADERS = {"X-Device-ID": DEVICE}


@pytest.mark.parametrize(
    ("stage", "number", "served"),
    [
        ("disabled", 7, "v3; feature=api_v4_statistics; reason=disabled"),
        ("full", 7, "v4; feature=api_v4_statistics; reason=static"),
        ("full", 13, "v3; feature=api_v4_statistics; reason=fallback"),
    ],
)
def test_every_answer_of_a_switched_route_says_who_gave_it(
    client: Client, stage: str, number: int, served: str
) -> None:
    with at_stage(FEATURE, stage):
        response = client.get(f"/api/numbers/{number}", headers=HEADERS)

    assert (response.status_code, response.json()["data"]) == (200, {"number": number})
    assert response.headers[SERVED_BY] == served


def test_a_route_that_nothing_switches_says_nothing_and_offers_nothing(client: Client) -> None:
    response = client.get("/plain")

    assert SERVED_BY not in response.headers
    assert not response.cookies


def test_a_v3_answer_offers_a_device_cookie_which_then_names_the_caller(client: Client) -> None:
    with at_stage(FEATURE, "partial", percentage=50):
        first = client.get("/api/numbers/7", secure=True)
        later = [client.get("/api/numbers/7", secure=True) for _ in range(5)]

    assert first.cookies[DEVICE_COOKIE]["secure"]
    assert not any(response.cookies for response in later)
    assert len({response.headers[SERVED_BY] for response in later}) == 1


def test_a_v4_answer_offers_no_device_cookie(client: Client) -> None:
    with at_stage(FEATURE, "full"):
        assert not client.get("/api/v4/numbers/7").cookies


def test_a_closed_gate_answers_404_with_the_way_to_v3(client: Client) -> None:
    with at_stage(FEATURE, "disabled"):
        response = client.get("/api/v4/numbers/7", headers=HEADERS)

    assert (response.status_code, response.json()["code"]) == (404, "feature_disabled")
    assert response.headers["Link"] == '</api/numbers/7>; rel="alternate"'
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers[SERVED_BY] == "v4; feature=api_v4_statistics; reason=disabled"


def test_a_closed_gate_is_met_before_the_body_is_read(client: Client) -> None:
    with at_stage(FEATURE, "disabled"):
        response = client.post("/api/v4/numbers/7", "{not json", content_type="application/json")

    assert response.json()["code"] == "feature_disabled"


def test_an_open_gate_says_why_and_the_caller_is_known(client: Client) -> None:
    with at_stage(FEATURE, "testing", testers=[f"d:{DEVICE}"]):
        response = client.get("/api/v4/numbers/7", headers=HEADERS)

    assert response.json()["data"] == {"number": 7, "caller": f"d:{DEVICE}"}
    assert response.headers[SERVED_BY] == "v4; feature=api_v4_statistics; reason=targeting_match"


def test_from_full_on_the_gate_is_open_to_the_holdout_too(client: Client) -> None:
    with at_stage(FEATURE, "full", holdout=50):
        seen = {
            (client.get("/api/v4/numbers/7", headers={"X-Device-ID": f"{number:08x}{DEVICE[8:]}"}).status_code)
            for number in range(20)
        }

    assert seen == {200}


def series() -> set[tuple[str, str, str]]:
    """Return which sums were kept since the last look: feature, operation, arm."""
    delivery = recorder.next_delivery()
    recorder.delivered(delivery)
    samples = delivery.samples if delivery else []
    return {(row["feature"], row["operation"], row["arm"]) for row in samples}


def test_a_request_of_the_v4_contract_is_counted_by_its_route_and_answer(client: Client) -> None:
    with at_stage(FEATURE, "full"):
        client.get("/api/v4/numbers/7")
        client.post("/api/v4/numbers/7", "{not json", content_type="application/json")

    delivery = recorder.next_delivery()
    assert delivery is not None
    told = {row["operation"]: (row["arm"], row["calls"], row["client_errors"]) for row in delivery.samples}
    assert told == {
        "GET /api/v4/numbers/<int:number>": ("contract", 1, 0),
        "POST /api/v4/numbers/<int:number>": ("contract", 1, 1),
    }
    assert delivery.failures == delivery.sightings == []


def test_what_clients_ask_for_adds_no_series(client: Client) -> None:
    with at_stage(FEATURE, "full"):
        for number in range(1, 1001):
            client.get(f"/api/v4/numbers/{number}?page={number}", headers={"X-Device-ID": DEVICE})
            client.get(f"/api/numbers/{number}?page={number}")
            client.get(f"/api/v4/nothing/{number}")
            client.get(f"/nothing/{number}")
            client.generic(f"FOO{number}", f"/api/v4/numbers/{number}")
            client.generic(f"FOO{number}", f"/api/numbers/{number}")

    assert series() == {
        (FEATURE, "tests.routed", "candidate"),
        (FEATURE, "GET /api/v4/numbers/<int:number>", "contract"),
        (FEATURE, "OTHER /api/v4/numbers/<int:number>", "contract"),
    }


@pytest.mark.parametrize("stage", ["disabled", "full"])
def test_a_route_without_a_gate_and_a_path_without_a_route_are_not_counted(client: Client, stage: str) -> None:
    with at_stage(FEATURE, stage):
        client.get("/plain")
        client.get("/api/v4/nothing")

    assert series() == set()


def test_a_gate_is_on_record() -> None:
    assert "gate" in registry.gated_by(FEATURE)


@pytest.mark.parametrize(("stage", "is_rich"), [("disabled", False), ("full", True)])
def test_errors_of_v3_are_rich_where_their_feature_is_on(client: Client, stage: str, is_rich: bool) -> None:
    with at_stage("api_v4_error_handling", stage):
        response = client.get("/api/numbers/0", headers=HEADERS)

        assert rich_errors(response.wsgi_request) is is_rich
    assert ("code" in response.json()) is is_rich


def test_a_serving_process_does_not_start_with_a_force_that_nobody_understands() -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import jewgo.wsgi"],
        env=os.environ | {"ROLLOUT_FORCE_API_V4_ENABLED": "10"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode == 3  # what tells gunicorn not to try again
    assert "ROLLOUT_FORCE_API_V4_ENABLED='10'" in started.stderr
    assert "0.01% to 100%" in started.stderr
