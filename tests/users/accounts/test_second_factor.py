"""An authenticator app and recovery codes, from an app."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache

from tests.users.accounts.app import App, errors, flows, person, totp, wrong
from users.accounts import vault
from users.accounts.limits import SECOND_FACTORS
from users.accounts.vault import SecondFactorUnreadable

pytestmark = pytest.mark.django_db


def with_second_factor(app: App, steps: int = -1) -> str:
    """Log Dana in, set her authenticator up with the code of another moment, and return its secret."""
    person()
    app.log_in("dana@example.com")
    secret = str(app.send("GET", "account/authenticators/totp").json()["meta"]["secret"])
    assert app.send("POST", "account/authenticators/totp", {"code": totp(secret, steps)}).status_code == 200
    return secret


def enter(app: App, code: str) -> Any:
    return app.send("POST", "auth/2fa/authenticate", {"code": code})


def test_once_set_up_a_login_asks_for_its_code() -> None:
    secret = with_second_factor(App())
    app = App()

    password = app.log_in("dana@example.com")
    before = app.client.get("/api/v4/statistics", headers={"X-Session-Token": app.token})
    wrong_code = enter(app, "000000" if totp(secret) != "000000" else "111111")
    right = enter(app, totp(secret))

    assert (password.status_code, flows(password), before.status_code) == (401, ["mfa_authenticate"], 401)
    assert (wrong_code.status_code, errors(wrong_code)) == (400, ["incorrect_code"])
    assert (right.status_code, [method["method"] for method in right.json()["data"]["methods"]]) == (
        200,
        ["password", "mfa"],
    )


def test_a_code_is_good_for_one_login_also_when_the_cache_forgot_it() -> None:
    secret = with_second_factor(App())
    first, second = App(), App()
    first.log_in("dana@example.com")
    second.log_in("dana@example.com")
    code = totp(secret)

    used = enter(first, code)
    cache.clear()
    again = enter(second, f"{code[:3]} {code[3:]}")

    assert (used.status_code, again.status_code, errors(again)) == (200, 400, ["incorrect_code"])


def test_five_wrong_codes_of_a_person_are_the_end_for_five_minutes_in_any_session() -> None:
    secret = with_second_factor(App())
    first, second = App(), App("198.51.100.1")
    first.log_in("dana@example.com")
    second.log_in("dana@example.com")

    answers = [enter(first, wrong(f"B{number}")) for number in range(SECOND_FACTORS.most)]
    late = enter(second, totp(secret))

    assert {answer.status_code for answer in answers} == {400}
    assert (late.status_code, errors(late)) == (429, ["too_many_attempts"])


def test_a_recovery_code_opens_once_in_place_of_the_app() -> None:
    app = App()
    with_second_factor(app)
    code = app.send("GET", "account/authenticators/recovery-codes").json()["data"]["unused_codes"][0]
    first, second = App(), App()
    first.log_in("dana@example.com")
    second.log_in("dana@example.com")

    assert (enter(first, code).status_code, enter(second, code).status_code) == (200, 400)


def test_neither_secret_is_stored_as_it_is() -> None:
    app = App()
    secret = with_second_factor(app)
    codes = app.send("GET", "account/authenticators/recovery-codes").json()["data"]["unused_codes"]

    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))

    assert secret not in stored
    assert not any(code in stored for code in codes)
    totp_secret = Authenticator.objects.get(type="totp").data["secret"]
    assert vault.decrypt(totp_secret) == secret


def test_of_two_authenticators_set_up_at_once_one_stays_and_the_other_is_a_conflict() -> None:
    person()
    first, second = App(), App()
    secrets = []
    for app in (first, second):
        app.log_in("dana@example.com")
        secrets.append(app.send("GET", "account/authenticators/totp").json()["meta"]["secret"])

    answers = [
        app.send("POST", "account/authenticators/totp", {"code": totp(secret)})
        for app, secret in zip((first, second), secrets, strict=True)
    ]

    assert [answer.status_code for answer in answers] == [200, 409]
    assert errors(answers[1]) == ["conflict"]


def test_a_secret_outlives_the_key_as_long_as_the_old_key_is_named(settings: Any) -> None:
    stored = vault.encrypt("JBSWY3DPEHPK3PXP")
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key for tests, which is as long as the first one was"

    settings.SECRET_KEY_FALLBACKS = [old]
    assert vault.decrypt(stored) == "JBSWY3DPEHPK3PXP"

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(SecondFactorUnreadable):
        vault.decrypt(stored)


def test_a_factor_that_cannot_be_read_is_a_failure_with_a_name(settings: Any) -> None:
    secret = with_second_factor(App())
    settings.SECRET_KEY = "another key for tests, which is as long as the first one was"
    app = App()
    app.log_in("dana@example.com")

    answer = enter(app, totp(secret))

    assert (answer.status_code, errors(answer)) == (500, ["second_factor_unreadable"])


@pytest.mark.django_db(transaction=True)  # the e-mail goes out on commit
def test_whoever_just_logged_in_is_not_asked_again_and_whoever_did_long_ago_is() -> None:
    person()
    app = App()
    app.log_in("dana@example.com")
    secret = app.send("GET", "account/authenticators/totp").json()["meta"]["secret"]
    logged_in_long_ago(app)

    refused = app.send("POST", "account/authenticators/totp", {"code": totp(secret)})
    app.send("POST", "auth/reauthenticate", {"password": "correct horse battery"})
    done = app.send("POST", "account/authenticators/totp", {"code": totp(secret, 1)})

    assert (refused.status_code, done.status_code) == (401, 200)
    assert "authenticator" in mail.outbox[-1].subject.lower()


def logged_in_long_ago(app: App) -> None:
    """Put what the session remembers of its login half an hour back."""
    from allauth.headless.internal import sessionkit

    session = sessionkit.session_store(app.token)
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - 1800} for record in session["account_authentication_methods"]
    ]
    session.save()
