"""How often one may try; all of it counted in PostgreSQL, so that it holds while Redis is away."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from jewgo.core.models import Attempts
from tests.users.accounts.app import PASSWORD, App, errors, person
from users.accounts.limits import NETWORK, PASSWORDS, PROOFS, RESETS

pytestmark = pytest.mark.django_db


def networks() -> Any:
    """Yield networks without end: nothing here is to be refused for where it comes from."""
    return (f"10.{number // 250}.{number % 250}.1" for number in range(1, 60_000))


def test_after_five_wrong_passwords_for_an_address_the_right_one_has_to_wait_wherever_it_comes_from() -> None:
    person()
    places = networks()
    wrong = [App(next(places)).log_in("dana@example.com", f"wrong {number}") for number in range(PASSWORDS.most)]

    answer = App(next(places)).log_in("Dana@example.com")

    assert {(got.status_code, *errors(got)) for got in wrong} == {(400, "email_password_mismatch")}
    assert (answer.status_code, errors(answer)) == (429, ["too_many_attempts"])
    assert 295 <= int(answer.headers["Retry-After"]) <= 300


def test_right_passwords_are_not_counted() -> None:
    person()

    answers = [App(network).log_in("dana@example.com") for network, _ in zip(networks(), range(8), strict=False)]

    assert {answer.status_code for answer in answers} == {200}


def test_an_address_that_nobody_has_is_limited_alike() -> None:
    places = networks()

    answers = [App(next(places)).log_in("nobody@example.com") for _ in range(PASSWORDS.most + 1)]

    assert [answer.status_code for answer in answers] == [400] * PASSWORDS.most + [429]


def test_one_network_tries_so_often_a_minute_whatever_it_tries() -> None:
    app = App()

    answers = [app.log_in(f"{number}@example.com") for number in range(NETWORK.most + 1)]
    neighbour, elsewhere = App("192.0.2.250"), App("198.51.100.1")

    assert [answer.status_code for answer in answers] == [400] * NETWORK.most + [429]
    assert neighbour.sign_up("x@example.com").status_code == 429
    assert elsewhere.log_in("0@example.com").status_code == 400
    assert elsewhere.send("GET", "config").status_code == 200


def test_the_login_page_is_limited_with_a_page() -> None:
    person()
    client = App().client
    sent = {"login": "dana@example.com", "password": "wrong"}

    answers = [
        client.post("/accounts/login/", sent, headers={"Accept": "text/html"}) for _ in range(PASSWORDS.most + 1)
    ]

    last = answers[-1]
    assert [answer.status_code for answer in answers] == [200] * PASSWORDS.most + [429]
    assert "Too many attempts" in last.content.decode()
    assert last.headers["Content-Type"].startswith("text/html")
    assert int(last.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("ask", "most"), [(App.ask_for_reset, RESETS.most), (App.sign_up, PROOFS.most)], ids=["reset", "signup"]
)
@pytest.mark.parametrize("known", [True, False])
def test_so_many_emails_an_hour_can_be_sent_to_one_address_by_anybody(
    ask: Callable[[App, str], Any], most: int, known: bool
) -> None:
    if known:
        person("dana@example.com")
    places = networks()

    answers = [ask(App(next(places)), "dana@example.com") for _ in range(most + 2)]

    assert [answer.status_code for answer in answers] == [401] * most + [429, 429]
    assert len(mail.outbox) == most


def test_the_table_of_attempts_names_nobody() -> None:
    App().log_in("dana@example.com")

    stored = str(list(Attempts.objects.values()))
    assert "dana" not in stored
    assert "192.0.2" not in stored


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_counted_exactly() -> None:
    person()

    def guess(number: int) -> int:
        try:
            return int(App(f"10.1.{number}.1").log_in("dana@example.com", f"wrong {number}").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(24)))

    assert sorted(statuses) == [400] * PASSWORDS.most + [429] * (24 - PASSWORDS.most)


def test_codes_tried_in_one_session_are_limited_beside_the_three_a_code() -> None:
    person()
    app = App()
    app.log_in("dana@example.com")
    sent = {"current_password": "wrong", "new_password": PASSWORD}

    answers = [app.send("POST", "account/password/change", sent) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [400] * 5 + [429]
