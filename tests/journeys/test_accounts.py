"""A person's way through an account on a real server, with the cache and without; and nothing of it in the log."""

import re
from collections.abc import Iterator

import pytest

from tests.journeys.people import Person, totp
from tests.journeys.service import Service, running_service

EMAIL, PASSWORD, NEW_PASSWORD = "canary-dana@example.com", "canary battery staple", "canary horse staple"
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module", params=["with the cache", "without the cache"])
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """Yield an installation behind one proxy."""
    variables = {"TRUSTED_PROXIES": "1", "LOG_LEVEL": "DEBUG"}
    if request.param == "without the cache":
        variables["REDIS_URL"] = NOWHERE
    with running_service(**variables) as running:
        yield running


def test_sign_up_log_in_second_factor_sessions_new_password(service: Service) -> None:
    dana = Person(service.client, service.mailbox, "192.0.2.1")

    asked = dana.account("POST", "auth/signup", {"email": EMAIL, "password": PASSWORD})
    refused = dana.ask("GET", "/api/restaurants?limit=1")
    proven = dana.account("POST", "auth/email/verify", {"key": dana.code()})
    assert (asked.status, refused.status, proven.status) == (401, 401, 200)
    assert dana.ask("GET", "/api/restaurants?limit=1").status == 200

    secret = dana.account("GET", "account/authenticators/totp").json["meta"]["secret"]
    assert dana.account("POST", "account/authenticators/totp", {"code": totp(secret, -1)}).status == 401
    assert dana.account("POST", "auth/reauthenticate", {"password": PASSWORD}).status == 200
    assert dana.account("POST", "account/authenticators/totp", {"code": totp(secret, -1)}).status == 200
    other = Person(service.client, service.mailbox, "198.51.100.1")
    assert other.log_in(EMAIL, PASSWORD).status == 401
    assert other.ask("GET", "/api/restaurants?limit=1").status == 401
    assert other.account("POST", "auth/2fa/authenticate", {"code": totp(secret)}).status == 200

    sessions = dana.account("GET", "auth/sessions").json["data"]
    (theirs,) = [session["id"] for session in sessions if not session["is_current"]]
    assert len(sessions) == 2
    assert dana.account("DELETE", "auth/sessions", {"sessions": [theirs]}).status == 200
    assert other.ask("GET", "/api/restaurants?limit=1").status == 401

    someone = Person(service.client, service.mailbox, "203.0.113.1")
    someone.account("POST", "auth/password/request", {"email": EMAIL})
    reset = {"key": someone.code(), "password": NEW_PASSWORD}
    assert someone.account("POST", "auth/password/reset", reset).status == 401
    assert dana.ask("GET", "/api/restaurants?limit=1").status == 401
    assert dana.log_in(EMAIL, PASSWORD).status == 400
    again = dana.log_in(EMAIL, NEW_PASSWORD)
    assert again.json["data"]["flows"][-2] == {
        "id": "mfa_authenticate",
        "is_pending": True,
        "types": ["recovery_codes", "totp"],
    }
    assert dana.account("POST", "auth/2fa/authenticate", {"code": totp(secret, 1)}).status == 200
    assert dana.account("DELETE", "auth/session").status == 401
    assert dana.ask("GET", "/api/restaurants?limit=1").status == 401


def test_guesses_are_limited_over_all_workers(service: Service) -> None:
    thief = Person(service.client, service.mailbox, "192.0.2.1")
    statuses = []
    for number in range(12):
        thief.network = f"10.2.{number}.1"
        statuses.append(thief.log_in("canary-victim@example.com", f"canary guess {number}").status)

    assert statuses == [400] * 5 + [429] * 7


def test_nothing_of_a_caller_is_in_the_log(service: Service) -> None:
    planted = Person(service.client, service.mailbox, "192.0.2.77")
    planted.account("POST", "auth/signup", {"email": "canary-levi@example.com", "password": "canary levi battery"})
    code, pending = planted.code(), planted.token
    planted.account("POST", "auth/email/verify", {"key": code})
    token = planted.token
    planted.account("POST", "auth/signup", {"email": EMAIL, "password": "canary twice battery"})
    secret = planted.account("GET", "account/authenticators/totp").json["meta"]["secret"]
    planted.account("POST", "auth/reauthenticate", {"password": "canary levi battery"})
    planted.account("POST", "account/authenticators/totp", {"code": "canary"})
    shown = totp(secret)
    planted.account("POST", "account/authenticators/totp", {"code": shown})
    recovery = planted.account("GET", "account/authenticators/recovery-codes").json["data"]["unused_codes"]
    planted.account("POST", "auth/login", b'{"email": "canary-broken@example.com", ')
    planted.account("POST", "auth/password/request", {"email": "canary-nobody@example.com"})
    planted.ask("GET", "/api/v4/restaurants/nearby?lat=12.3454321&lng=56.7898765&q=canary-words")
    planted.ask("GET", "/api/restaurants?city=canary-city", Authorization="Bearer jwg_canary00_secret")
    planted.ask("GET", "/api/v4/restaurants?cursor=canary-cursor", **{"X-Device-ID": "canary-device"})
    planted.ask("POST", "/accounts/login/?next=/canary-next", b"login=canary-staff%40example.com&password=canary-staff")
    planted.log_in("canary-levi@example.com", "canary wrong")
    planted.log_in("canary-levi@example.com", "canary levi battery")
    planted.account("POST", "auth/2fa/authenticate", {"code": recovery[0]})
    service.client.get("/admin/?canary-query=1")

    log = (service.place.path / "server.log").read_text()

    assert '"route":"accounts/app/v1/auth/signup"' in log
    for told in (
        *recovery,
        code,
        pending,
        token,
        planted.token,
        secret,
        "12.3454321",
        "56.7898765",
        "jwg_canary",
        "192.0.2.7",
    ):
        assert told not in log, told
    assert not re.search("canary", log, re.IGNORECASE)
