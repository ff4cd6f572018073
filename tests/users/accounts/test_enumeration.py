"""Nobody learns from us who has an account: neither by an answer nor by the work behind it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail

from tests.users.accounts.app import App, errors, latest_code, person, said

pytestmark = pytest.mark.django_db

KNOWN, UNKNOWN = "known@example.com", "unknown@example.com"


class CountingHasher(Argon2PasswordHasher):
    """Argon2 as in settings, and how often it was computed."""

    computed = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).computed += 1
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        type(self).computed += 1
        return super().verify(password, encoded)


@pytest.fixture
def hashes(settings: Any) -> Callable[[], int]:
    """Return how many hashes were computed since the last look."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]

    def since() -> int:
        computed, CountingHasher.computed = CountingHasher.computed, 0
        return computed

    return since


def log_in_wrongly(app: App, email: str) -> Any:
    return app.log_in(email, "not the password")


@pytest.mark.parametrize(("ask", "expected_hashes"), [(App.sign_up, 1), (log_in_wrongly, 1), (App.ask_for_reset, 0)])
def test_known_and_unknown_addresses_get_one_answer_for_the_same_work(
    ask: Callable[[App, str], Any], expected_hashes: int, hashes: Callable[[], int]
) -> None:
    person(KNOWN)
    hashes()

    answers, work, letters = [], [], []
    for email in (KNOWN, UNKNOWN):
        answers.append(said(ask(App(), email)))
        work.append(hashes())
        letters.append(len(mail.outbox))
        mail.outbox.clear()

    assert answers[0] == answers[1]
    assert work == [expected_hashes, expected_hashes]
    assert letters[0] == letters[1]


def test_a_person_without_a_password_and_one_who_is_not_active_cost_a_hash_too(hashes: Callable[[], int]) -> None:
    person("none@example.com", None)
    person("gone@example.com", is_active=False)
    hashes()

    answers = [said(log_in_wrongly(App(), email)) for email in ("none@example.com", "gone@example.com", UNKNOWN)]

    assert answers[0] == answers[1] == answers[2]
    assert hashes() == 3


def by_get(app: App) -> Any:
    return app.send("GET", "auth/password/reset", **{"X-Password-Reset-Key": "BBBB-BBBB"})


def by_post(app: App) -> Any:
    return app.send("POST", "auth/password/reset", {"key": "BBBB-BBBB", "password": "short"})


@pytest.mark.parametrize("guess", [by_get, by_post])
def test_wrong_codes_for_a_new_password_fail_alike_until_the_attempt_is_over(guess: Callable[[App], Any]) -> None:
    person(KNOWN)

    courses = []
    for email in (KNOWN, UNKNOWN):
        app = App()
        app.ask_for_reset(email)
        courses.append([said(guess(app)) for _ in range(4)])

    assert courses[0] == courses[1]
    assert [status for status, *_ in courses[0]] == [400, 400, 400, 409]


def test_wrong_codes_after_signing_up_fail_alike_until_the_attempt_is_over() -> None:
    person(KNOWN)

    courses = []
    for email in (KNOWN, UNKNOWN):
        app = App()
        app.sign_up(email)
        courses.append([said(app.prove("BBBB-BBBB")) for _ in range(4)])

    assert courses[0] == courses[1]


def test_whoever_has_the_address_is_told_by_email_what_the_answer_does_not_say() -> None:
    person(KNOWN)

    App().sign_up(KNOWN)
    App().ask_for_reset(UNKNOWN)

    assert "has an account already" in mail.outbox[0].body
    assert "no account has it" in mail.outbox[1].body


def test_another_address_that_somebody_has_is_not_given_away_to_who_wants_it() -> None:
    person(KNOWN)
    person("dana@example.com")

    answers = []
    for email in (KNOWN, UNKNOWN):
        app = App()
        app.log_in("dana@example.com")
        answer = app.send("POST", "account/email", {"email": email})
        answers.append((answer.status_code, str(answer.json()).replace(email, "")))

    assert answers[0] == answers[1]


def test_only_the_code_from_the_mailbox_tells_that_an_address_is_taken() -> None:
    person(KNOWN)
    person("dana@example.com")
    app = App()
    app.log_in("dana@example.com")
    app.send("POST", "account/email", {"email": KNOWN})

    assert errors(app.prove(latest_code())) == ["email_taken"]
