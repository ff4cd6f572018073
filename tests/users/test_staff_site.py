"""The admin's door: a login that it shares with the account pages, and a second factor for staff."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.test import Client

from tests.rollout.admin.pages import Page
from tests.users.accounts.app import PASSWORD, latest_code, person, totp
from tests.users.callers import NO_ROLES
from tests.users.credentials import signed_in
from users.models import User

pytestmark = pytest.mark.django_db

HTML = {"Accept": "text/html"}


@pytest.fixture
def asks_for_a_factor(settings: Any) -> None:
    """As everywhere but on a developer's own machine."""
    settings.STAFF_SECOND_FACTOR = True


def log_in(client: Client, email: str = "root@example.com") -> Any:
    return client.post("/accounts/login/?next=/admin/", {"login": email, "password": PASSWORD, "next": "/admin/"})


def factor_of(email: str) -> str:
    """Give somebody an authenticator and recovery codes, and return its secret."""
    user, secret = User.objects.get(email=email), str(generate_totp_secret())
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def root_with_factor() -> str:
    """Store a super admin with an authenticator, and return its secret."""
    User.objects.create_superuser("root@example.com", PASSWORD)
    return factor_of("root@example.com")


def set_up(client: Client) -> str:
    """Set an authenticator up over its page, and return its secret."""
    page = Page(client.get("/accounts/2fa/totp/activate/"))
    found = re.search(r'value="([A-Z2-7]{32})"', page.text)
    assert found, page.text
    answer = client.post("/accounts/2fa/totp/activate/", page.form(code=totp(found[1])))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/2fa/recovery-codes/")
    return found[1]


def test_the_admin_sends_to_the_login_page_and_the_login_back(client: Client) -> None:
    User.objects.create_superuser("root@example.com", PASSWORD)

    first = client.get("/admin/users/user/")
    second = client.get(first.headers["Location"])
    third = client.get(second.headers["Location"])
    answer = client.post("/accounts/login/", Page(third).form(login="Root@example.com", password=PASSWORD))

    assert second.headers["Location"] == "/accounts/login/?next=%2Fadmin%2Fusers%2Fuser%2F"
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/users/user/")
    assert client.get("/admin/users/user/").status_code == 200


def test_a_login_that_would_lead_elsewhere_leads_to_the_admin(client: Client) -> None:
    answer = client.get("/admin/login/?next=https://evil.example/")

    assert answer.headers["Location"] == "/accounts/login/?next=%2Fadmin%2F"


def test_somebody_who_is_not_staff_is_told_so_and_sent_nowhere(client: Client) -> None:
    person()
    log_in(client, "dana@example.com")

    answer = client.get("/admin/", follow=True)

    assert answer.status_code == 403


@pytest.mark.django_db(transaction=True)  # the session hears of it on commit
@pytest.mark.usefixtures("asks_for_a_factor")
def test_staff_without_a_second_factor_set_one_up_before_they_see_anything(client: Client) -> None:
    User.objects.create_superuser("root@example.com", PASSWORD)
    log_in(client)

    before = client.get("/admin/", follow=True)
    set_up(client)
    after = client.get("/admin/")

    assert before.redirect_chain[-1][0].startswith("/accounts/2fa/totp/activate/")
    assert after.status_code == 200
    assert client.get("/accounts/2fa/recovery-codes/").status_code == 200


@pytest.mark.usefixtures("asks_for_a_factor")
def test_with_a_second_factor_a_login_asks_for_it_and_leads_back(client: Client) -> None:
    secret = root_with_factor()

    password = log_in(client)
    between = client.get("/admin/")
    code = client.post("/accounts/2fa/authenticate/", {"code": totp(secret)})

    assert password.headers["Location"] == "/accounts/2fa/authenticate/"
    assert between.status_code == 302
    assert (code.status_code, code.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


@pytest.mark.usefixtures("asks_for_a_factor")
def test_a_session_older_than_the_factor_has_to_use_it_first(client: Client) -> None:
    User.objects.create_superuser("root@example.com", PASSWORD)
    log_in(client)
    secret = factor_of("root@example.com")

    refused = client.get("/admin/", follow=True)
    proven = client.post("/accounts/2fa/reauthenticate/?next=/admin/", {"code": totp(secret), "next": "/admin/"})

    assert refused.redirect_chain[-1][0] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"
    assert (proven.status_code, proven.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


@pytest.mark.usefixtures("asks_for_a_factor")
def test_a_factor_that_is_deleted_opens_nothing_any_more(client: Client) -> None:
    secret = root_with_factor()
    log_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": totp(secret)})
    before = client.get("/admin/")

    Authenticator.objects.all().delete()

    assert (before.status_code, client.get("/admin/").status_code) == (200, 302)


@pytest.mark.usefixtures("asks_for_a_factor")
def test_a_password_alone_never_opens_the_admin_by_any_page(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com", PASSWORD))

    for page in ("/admin/", "/admin/users/user/", "/admin/password_change/", "/admin/rollout/flag/", "/admin/jsi18n/"):
        assert client.get(page).status_code == 302, page


def test_staff_stay_in_for_half_a_day(client: Client) -> None:
    User.objects.create_superuser("root@example.com", PASSWORD)

    log_in(client)

    assert client.session.get_expiry_age() == 12 * 3600


def test_a_person_made_in_the_admin_logs_in_without_a_code_also_after_their_address_changed(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com"))
    given = {"email": "new@example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/admin/users/user/add/", given)
    made = User.objects.get(email="new@example.com")
    first = log_in(Client(), "new@example.com")

    changed = {"email": "other@example.com", "is_active": "on"} | NO_ROLES
    client.post(f"/admin/users/user/{made.pk}/change/", changed)
    second = log_in(Client(), "other@example.com")

    assert [answer.headers["Location"] for answer in (first, second)] == ["/admin/", "/admin/"]


def test_the_admin_ends_a_session_and_a_lost_factor_and_edits_neither(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com"))
    dana = person()
    headers = signed_in(dana)
    session = UserSession.objects.get(user=dana)
    factor = Authenticator.objects.create(user=dana, type="totp", data={"secret": "x"})

    assert client.get("/admin/usersessions/usersession/?q=dana").status_code == 200
    assert client.get(f"/admin/mfa/authenticator/{factor.pk}/change/").status_code == 200
    assert client.get("/admin/mfa/authenticator/add/").status_code == 403
    client.post(f"/admin/usersessions/usersession/{session.pk}/delete/", {"post": "yes"})
    client.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})

    assert client.get("/api/v4/statistics", headers=headers).status_code == 401
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize(
    "page",
    [
        "/accounts/login/",
        "/accounts/logout/",
        "/accounts/inactive/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/",
        "/accounts/2fa/reauthenticate/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/totp/deactivate/",
        "/accounts/2fa/recovery-codes/",
        "/accounts/2fa/recovery-codes/generate/",
        "/accounts/2fa/authenticate/",
        "/accounts/confirm-email/",
    ],
)
@pytest.mark.parametrize("factor", [False, True])
def test_every_account_page_looks_like_ours_and_needs_no_script_or_style_of_its_own(
    page: str, factor: bool, client: Client
) -> None:
    User.objects.create_superuser("root@example.com", PASSWORD)
    if page != "/accounts/login/":
        log_in(client)
    if factor:
        factor_of("root@example.com")

    answer = client.get(page, headers=HTML)

    assert answer.status_code in {200, 302, 404}  # without a factor there is none to look at
    if answer.status_code == 200:
        shown = Page(answer)
        assert shown.inline == []
        assert "jewgo/page.css" in shown.text
        assert 'href="None"' not in shown.text


def test_staff_whose_address_is_not_proven_prove_it_on_a_page(client: Client) -> None:
    User.objects.create_user("dana@example.com", PASSWORD, is_staff=True, is_superuser=True)

    asked = log_in(client, "dana@example.com")
    page = Page(client.get(asked.headers["Location"]))
    answer = client.post(asked.headers["Location"], page.form(code=latest_code()))

    assert (asked.headers["Location"], page.status, page.inline) == ("/accounts/confirm-email/", 200, [])
    assert answer.headers["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
