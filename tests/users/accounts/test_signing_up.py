"""From an address to an account: a code by e-mail, and nothing before it is entered."""

import threading

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection

from tests.users.accounts.app import PASSWORD, App, errors, flows, latest_code, person, wrong
from users.models import User

pytestmark = pytest.mark.django_db


def test_a_code_by_email_makes_an_account_and_a_session_that_the_api_takes() -> None:
    app = App()
    asked = app.sign_up("Dana@Example.com")
    pending = app.client.get("/api/v4/statistics", headers={"X-Session-Token": app.token})

    proven = app.prove(latest_code())

    assert (asked.status_code, flows(asked)) == (401, ["verify_email"])
    assert pending.status_code == 401
    assert (proven.status_code, proven.json()["data"]["user"]["email"]) == (200, "dana@example.com")
    assert app.client.get("/api/v4/statistics", headers={"X-Session-Token": app.token}).status_code != 401
    dana = User.objects.get()
    assert (dana.is_staff, dana.is_superuser, dana.check_password(PASSWORD)) == (False, False, True)
    assert dana.password.startswith("argon2")


def test_the_email_says_who_we_are_and_what_to_do_if_it_was_not_you() -> None:
    App().sign_up("dana@example.com")

    message = mail.outbox[0]
    assert (message.subject, message.to) == ("Your code for JewGo", ["dana@example.com"])
    assert latest_code() in message.body
    assert "JewGo, the guide to kosher restaurants" in message.body
    assert "If it was not you, there is nothing to do" in message.body
    assert "http" not in message.body


def test_three_wrong_codes_end_the_attempt_and_a_login_sends_a_new_code() -> None:
    app = App()
    app.sign_up("dana@example.com")
    code = latest_code()

    answers = [app.prove(wrong(code)) for _ in range(3)]
    late = app.prove(code)
    again = App()
    unproven = again.log_in("dana@example.com")
    proven = again.prove(latest_code())

    assert [(answer.status_code, errors(answer)) for answer in answers] == [(400, ["incorrect_code"])] * 3
    assert late.status_code == 409
    assert (unproven.status_code, flows(unproven), proven.status_code) == (401, ["verify_email"], 200)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("password123", "password_too_common"),
        ("3141592653589", "password_entirely_numeric"),
    ],
)
def test_a_weak_password_is_refused_and_nobody_is_stored(password: str, code: str) -> None:
    answer = App().sign_up("dana@example.com", password)

    assert (answer.status_code, code in errors(answer)) == (400, True)
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_sign_up_with_one_address_at_once_make_one_account_and_get_the_same_answer() -> None:
    start, answers = threading.Barrier(2), []

    def sign_up() -> None:
        app = App()
        start.wait()
        answers.append(app.sign_up("dana@example.com"))
        connection.close()

    threads = [threading.Thread(target=sign_up) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [(answer.status_code, flows(answer)) for answer in answers] == [(401, ["verify_email"])] * 2
    assert (User.objects.count(), EmailAddress.objects.count()) == (1, 1)


def test_a_person_changes_their_address_by_proving_the_new_one() -> None:
    dana, app = person("dana@example.com"), App()
    app.log_in("dana@example.com")

    added = app.send("POST", "account/email", {"email": "levi@example.com"})
    before = User.objects.get(pk=dana.pk).email
    proven = app.prove(latest_code())

    assert (added.status_code, before, proven.status_code) == (200, "dana@example.com", 200)
    assert User.objects.get(pk=dana.pk).email == "levi@example.com"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [("levi@example.com", True, True)]


def test_an_address_that_became_anothers_login_meanwhile_is_refused_by_name() -> None:
    person("dana@example.com")
    app = App()
    app.log_in("dana@example.com")
    app.send("POST", "account/email", {"email": "levi@example.com"})
    User.objects.create_user("levi@example.com")

    answer = app.prove(latest_code())

    assert (answer.status_code, errors(answer)) == (400, ["email_taken"])
