"""Logging in and out, sessions, and passwords that change."""

import pytest
from django.core import mail

from tests.users.accounts.app import PASSWORD, App, errors, latest_code, person, wrong

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "staple battery horse"


def opens_the_api(app: App) -> bool:
    answer = app.client.get("/api/v4/statistics", headers={"X-Session-Token": app.token})
    return bool(answer.json().get("code") != "invalid_session")


def test_a_login_gives_a_token_and_a_logout_ends_it_at_once() -> None:
    person()
    app = App()

    login = app.log_in("Dana@Example.com")
    while_in = opens_the_api(app)
    logout = app.send("DELETE", "auth/session")

    assert (login.status_code, login.json()["meta"]["is_authenticated"], while_in) == (200, True, True)
    assert (logout.status_code, opens_the_api(app)) == (401, False)


def test_a_cookie_is_neither_given_to_an_app_nor_taken_from_one() -> None:
    person()
    app = App()
    answer = app.log_in("dana@example.com")
    without_token = App()
    without_token.client.cookies["sessionid"] = app.token

    assert not answer.cookies
    assert without_token.send("GET", "auth/session").status_code == 401


def test_somebody_who_is_not_active_gets_no_session_though_the_password_is_right() -> None:
    person(is_active=False)
    app = App()

    answer = app.log_in("dana@example.com")

    assert (answer.status_code, answer.json()["meta"]["is_authenticated"]) == (401, False)
    assert not opens_the_api(app)


def test_sessions_are_listed_by_network_and_revoked_at_once() -> None:
    person()
    phone, tablet = App("192.0.2.77"), App("2001:db8:1:2::3")
    phone.log_in("dana@example.com")
    tablet.log_in("dana@example.com")

    listed = phone.send("GET", "auth/sessions").json()["data"]
    other = next(session for session in listed if not session["is_current"])
    phone.send("DELETE", "auth/sessions", {"sessions": [other["id"]]})

    assert sorted(session["ip"] for session in listed) == ["192.0.2.0", "2001:db8:1::"]
    assert (opens_the_api(phone), opens_the_api(tablet)) == (True, False)


def test_nobody_revokes_the_session_of_somebody_else() -> None:
    person()
    person("eve@example.com")
    dana, eve = App(), App()
    dana.log_in("dana@example.com")
    eve.log_in("eve@example.com")
    (hers,) = dana.send("GET", "auth/sessions").json()["data"]

    answer = eve.send("DELETE", "auth/sessions", {"sessions": [hers["id"]]})

    assert (answer.status_code, opens_the_api(dana)) == (400, True)


def test_a_new_password_by_code_ends_every_session() -> None:
    person()
    before, app = App(), App()
    before.log_in("dana@example.com")
    app.ask_for_reset("dana@example.com")
    code = latest_code()

    wrong_code = app.send("POST", "auth/password/reset", {"key": wrong(code), "password": NEW_PASSWORD})
    looked_at = app.send("GET", "auth/password/reset", **{"X-Password-Reset-Key": code})
    weak = app.send("POST", "auth/password/reset", {"key": code, "password": "dana@example.com"})
    done = app.send("POST", "auth/password/reset", {"key": code, "password": NEW_PASSWORD})

    assert (wrong_code.status_code, errors(wrong_code), looked_at.status_code) == (400, ["incorrect_code"], 200)
    assert (weak.status_code, errors(weak)) == (400, ["password_too_similar"])
    assert (done.status_code, opens_the_api(before)) == (401, False)
    assert (
        App().log_in("dana@example.com").status_code,
        App().log_in("dana@example.com", NEW_PASSWORD).status_code,
    ) == (
        400,
        200,
    )
    assert "If it was not you" in mail.outbox[-1].body


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one() -> None:
    person()
    other, app = App(), App()
    other.log_in("dana@example.com")
    app.log_in("dana@example.com")

    refused = app.send("POST", "account/password/change", {"current_password": "no", "new_password": NEW_PASSWORD})
    changed = app.send("POST", "account/password/change", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})

    assert (refused.status_code, errors(refused)) == (400, ["enter_current_password"])
    assert (changed.status_code, opens_the_api(app), opens_the_api(other)) == (200, True, False)
    assert mail.outbox[-1].to == ["dana@example.com"]


def test_a_token_of_nothing_is_told_to_be_gone() -> None:
    app = App()
    app.token = "a" * 32

    assert app.send("GET", "auth/session").status_code == 410


@pytest.mark.parametrize("route", ["account/phone", "auth/code/request", "auth/provider/token", "auth/phone/verify"])
def test_what_is_not_offered_is_not_there_in_the_shape_of_these_routes(route: str) -> None:
    answer = App().send("POST", route, {})

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "not_found")


@pytest.mark.parametrize("page", ["signup/", "password/reset/", "email/", "password/change/", "sessions/"])
def test_pages_that_staff_do_not_need_are_not_there(page: str) -> None:
    assert App().client.get(f"/accounts/{page}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b"[" * 100_000, b'{"email": "\\ud800"}', b'{"email": "a\\u0000b"}', b"\xff", b"9" * 5000],
)
def test_what_cannot_be_read_is_400_with_a_code(body: bytes) -> None:
    answer = App().client.post("/accounts/app/v1/auth/login", body, content_type="application/json")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "malformed_body")


def test_a_body_that_is_too_large_is_413() -> None:
    answer = App().client.post("/accounts/app/v1/auth/login", b"x" * 2_000_000, content_type="application/json")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "content_too_large")
