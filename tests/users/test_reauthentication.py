"""Who moves a feature in the admin is asked again who they are, unless that was in the last quarter of an hour."""

from typing import Any

import pytest
from django.test import Client

from rollout.services import RolloutService
from tests.rollout.admin.pages import ROOT, USERS, Page, change_url, flag, lines, move_url, prepare, select, where
from tests.users.accounts.app import PASSWORD, totp
from tests.users.test_staff_site import log_in, root_with_factor
from users.reauthentication import RECENT_S

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, settings: Any) -> Client:
    """A super admin's, who has passed the second factor a moment ago."""
    settings.STAFF_SECOND_FACTOR = True
    secret = root_with_factor()
    log_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": totp(secret)})
    return client


def wait(browser: Client, seconds: float) -> None:
    """Put what the session remembers of its login back by so much."""
    session = browser.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - seconds} for record in session["account_authentication_methods"]
    ]
    session.save()


def prove(browser: Client, asked: Any) -> Any:
    """Give the password on the page that an answer leads to."""
    page = Page(browser.get(asked.headers["Location"]))
    return browser.post("/accounts/reauthenticate/", page.form(password=PASSWORD))


def test_within_a_quarter_of_an_hour_nobody_is_asked_again(browser: Client) -> None:
    wait(browser, RECENT_S - 60)

    assert browser.get(move_url("start")).status_code == 200


def test_later_a_move_asks_for_the_password_before_it_asks_anything_else(browser: Client) -> None:
    wait(browser, RECENT_S)
    url = move_url("set", query="?percentage=12.5")

    asked = browser.get(url)
    proven = prove(browser, asked)

    assert asked.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert (proven.status_code, proven.headers["Location"]) == (302, url)
    assert browser.get(url).status_code == 200


def test_an_answer_that_comes_too_late_becomes_the_question_again_with_its_reason_and_moves_nothing(
    browser: Client,
) -> None:
    url = move_url("start")
    page = Page(browser.get(url))
    before = lines()
    wait(browser, RECENT_S)

    asked = browser.post(url, page.form(reason="a reason of twenty words"))
    again = Page(prove(browser, asked))
    between = lines()
    done = browser.post(url, again.form(reason="a reason of twenty words"))

    assert (asked.status_code, again.status, again.fields["_confirm"]) == (302, 200, ["1"])
    assert "a reason of twenty words" in again.text
    assert (before, between) == (before, before)
    assert (done.status_code, where()) == (302, "TESTING")


def test_an_action_on_a_filtered_list_survives_being_asked(browser: Client) -> None:
    service = RolloutService()
    prepare(service, ROOT, "start")
    prepare(service, USERS, "start")
    wait(browser, RECENT_S)
    keys = [flag(ROOT).pk, flag(USERS).pk]

    asked = browser.post("/admin/rollout/flag/?q=api_v4", {"action": "advance_selected", "_selected_action": keys})
    again = Page(prove(browser, asked))
    done = browser.post("/admin/rollout/flag/?q=api_v4", again.form(reason="wider"))

    assert "/admin/rollout/flag/?q=api_v4" in again.text
    assert (done.status_code, where(ROOT), where(USERS)) == (302, "PARTIAL 1 %", "PARTIAL 1 %")


def test_an_edit_survives_being_asked(browser: Client) -> None:
    prepare(RolloutService(), ROOT, "start")
    form = Page(browser.get(change_url())).form(percentage="5")
    wait(browser, RECENT_S)

    again = Page(prove(browser, browser.post(change_url(), form)))
    done = browser.post(change_url(), again.form(reason="wider"))

    assert (done.status_code, where()) == (302, "PARTIAL 5 %")


@pytest.mark.parametrize("move", ["rollback", "pause"])
def test_what_only_stops_never_waits_for_a_password(move: str, browser: Client) -> None:
    prepare(RolloutService(), ROOT, "start")
    wait(browser, RECENT_S * 10)

    page = Page(browser.get(move_url(move)))
    done = browser.post(move_url(move), page.form(reason="it fails"))

    assert (page.status, done.status_code) == (200, 302)


def test_stopping_several_at_once_does_not_wait_either(browser: Client) -> None:
    prepare(RolloutService(), ROOT, "start")
    wait(browser, RECENT_S * 10)

    assert select(browser, "rollback", [ROOT]).status_code == 200


def test_a_wrong_password_gets_nowhere(browser: Client) -> None:
    wait(browser, RECENT_S)
    asked = browser.get(move_url("start"))
    page = Page(browser.get(asked.headers["Location"]))

    answer = browser.post("/accounts/reauthenticate/", page.form(password="wrong"))

    assert answer.status_code == 200
    assert browser.get(move_url("start")).status_code == 302


def test_on_a_developers_machine_nobody_is_asked(browser: Client, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = False
    wait(browser, RECENT_S * 10)

    assert browser.get(move_url("start")).status_code == 200
