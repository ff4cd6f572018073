"""Limits over HTTP: who is counted as whom, what is counted, and what every answer tells."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from jewgo.core.limits.rates import Rate

pytestmark = pytest.mark.urls("tests.jewgo.core.api.urls")

Allow = Callable[..., None]


@pytest.fixture
def allow(settings: Any) -> Allow:
    """Set limits by class, per minute."""

    def allow(**counts: int) -> None:
        rates = {name: Rate(count, 60) for name, count in counts.items()}
        settings.LIMITS = {**settings.LIMITS, "RATES": rates}

    return allow


def fresh_network() -> str:
    """Return a /64 from which nobody has asked before."""
    word = uuid.uuid4().hex
    return f"2001:db8:{word[:4]}:{word[4:8]}"


def anyone(kind: str) -> dict[str, str]:
    """Return the credentials of a person or key that has not asked before."""
    return {"Authorization": f"{kind} {uuid.uuid4().int % 10**9}"}


def ask(client: Client, path: str = "/api/v4/notes", *, times: int = 1, **request: Any) -> list[int]:
    return [client.get(path, **request).status_code for _ in range(times)]


def test_every_answer_tells_how_its_caller_stands(client: Client, allow: Allow) -> None:
    allow(anonymous=50)

    answer = client.get("/api/v4/notes", REMOTE_ADDR=f"{fresh_network()}::1")

    assert answer.headers["RateLimit"] == '"anonymous";r=49;t=60'
    assert answer.headers["RateLimit-Policy"] == '"anonymous";q=50;w=60'
    assert answer.headers["x-ratelimit-limit"] == "50"
    assert answer.headers["x-ratelimit-remaining"] == "49"
    assert answer.headers["x-ratelimit-reset"] == "60"
    assert "Retry-After" not in answer.headers


def test_a_refusal_is_a_problem_that_says_when_to_ask_again(client: Client, allow: Allow) -> None:
    allow(anonymous=2)
    here = f"{fresh_network()}::1"
    ask(client, times=2, REMOTE_ADDR=here)

    answer = client.get("/api/v4/notes", REMOTE_ADDR=here)

    body = answer.json()
    assert (answer.status_code, body["code"], body["retryable"]) == (429, "too_many_requests", True)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert 58 <= int(answer.headers["Retry-After"]) <= 60
    assert body["meta"] == {"limit": "anonymous", "retry_after_s": int(answer.headers["Retry-After"])}
    assert answer.headers["RateLimit"] == f'"anonymous";r=0;t={answer.headers["Retry-After"]}'


def test_v3_refuses_in_its_own_shape(client: Client, allow: Allow) -> None:
    allow(anonymous=1)
    here = f"{fresh_network()}::1"

    first, second = (client.get("/api/things", REMOTE_ADDR=here) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 429)
    assert (second.json()["success"], second.json()["status_code"]) == (False, 429)
    assert int(second.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("kind", "status"), [("missing", 404), ("operational", 503), ("bug", 500)])
def test_an_answer_that_fails_tells_it_too(client: Client, allow: Allow, kind: str, status: int) -> None:
    allow(anonymous=50)

    answer = client.get(f"/api/v4/raises/{kind}", REMOTE_ADDR=f"{fresh_network()}::1")

    assert (answer.status_code, answer.headers["RateLimit"]) == (status, '"anonymous";r=49;t=60')


def test_inventing_devices_does_not_help(client: Client, allow: Allow) -> None:
    allow(anonymous=3)
    here = f"{fresh_network()}::1"

    met = [
        client.get("/api/v4/notes", REMOTE_ADDR=here, headers={"X-Device-ID": str(uuid.uuid4())}).status_code
        for _ in range(5)
    ]

    assert met == [200, 200, 200, 429, 429]


def test_the_addresses_of_one_household_are_one_caller_and_the_neighbours_another(client: Client, allow: Allow) -> None:
    allow(anonymous=1)
    here = fresh_network()

    assert ask(client, REMOTE_ADDR=f"{here}::1") == [200]
    assert ask(client, REMOTE_ADDR=f"{here}:ffff::2") == [429]
    assert ask(client, REMOTE_ADDR=f"{fresh_network()}::1") == [200]


def test_behind_our_proxies_the_callers_own_address_counts_and_not_what_they_claim(
    client: Client, allow: Allow, settings: Any
) -> None:
    allow(anonymous=1)
    settings.TRUSTED_PROXIES = 1
    here = f"{fresh_network()}::1"

    first = ask(client, headers={"X-Forwarded-For": f"198.51.100.1, {here}"})
    again = ask(client, headers={"X-Forwarded-For": f"198.51.100.2, {here}"})

    assert (first, again) == ([200], [429])


@pytest.mark.parametrize("kind", ["Person", "Key"])
def test_who_is_known_is_counted_as_themselves_wherever_they_are(client: Client, allow: Allow, kind: str) -> None:
    allow(anonymous=1, user=2, key=2)
    me, other = anyone(kind), anyone(kind)

    met = [ask(client, headers=me, REMOTE_ADDR=f"{fresh_network()}::1")[0] for _ in range(3)]

    assert met == [200, 200, 429]
    assert ask(client, headers=other) == [200]


def test_a_change_counts_as_one_and_reading_does_not(client: Client, allow: Allow) -> None:
    allow(user=50, write=1)
    me = anyone("Person")
    ask(client, times=3, headers=me)

    first, second = (client.delete("/api/v4/notes", headers=me) for _ in range(2))

    assert first.headers["RateLimit-Policy"] == '"user";q=50;w=60, "write";q=1;w=60'
    assert first.headers["RateLimit"].startswith('"user";r=46;')
    assert (first.status_code, second.status_code) == (204, 429)
    assert second.json()["meta"]["limit"] == "write"
    assert ask(client, headers=me) == [200]


def test_a_view_says_what_it_counts_as(client: Client, allow: Allow) -> None:
    allow(user=50, search=2)
    me = anyone("Person")

    assert ask(client, "/api/v4/notes/found", times=3, headers=me) == [200, 200, 429]
    assert ask(client, headers=me) == [200]


def test_who_may_not_at_all_is_not_counted(client: Client, allow: Allow) -> None:
    allow(anonymous=1)
    here = f"{fresh_network()}::1"

    assert ask(client, "/api/v4/closed", times=3, REMOTE_ADDR=here) == [401] * 3
    assert ask(client, REMOTE_ADDR=here) == [200]


def test_a_refused_body_is_never_read(client: Client, allow: Allow) -> None:
    allow(user=1)
    me = anyone("Person")
    ask(client, headers=me)

    answer = client.post("/api/v4/notes", "{", content_type="application/json", headers=me)

    assert answer.status_code == 429


@pytest.mark.urls("jewgo.urls")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/health", "/api/health/basic", "/api/v4/health", "/api/v4/docs"]
)
def test_probes_and_documentation_are_not_limited(client: Client, allow: Allow, path: str) -> None:
    allow(anonymous=1)

    answers = [client.get(path, REMOTE_ADDR="192.0.2.99") for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers


def test_without_limits_nothing_is_told(client: Client, allow: Allow) -> None:
    allow()

    answer = client.get("/api/v4/notes")

    assert (answer.status_code, "RateLimit" in answer.headers) == (200, False)
