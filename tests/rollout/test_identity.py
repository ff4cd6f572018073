"""Who is calling: one string, from the one part of the request that may say so."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from rest_framework.request import Request

from rollout import identity
from rollout.identity import DEVICE_COOKIE, Identity, identify, offer_device, sign_device

DEVICE = "3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b"
OTHER = "9f3b1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b"
PERSON = SimpleNamespace(pk=3, is_authenticated=True)
KEY = SimpleNamespace(targeting_key="k:7")


@pytest.fixture
def make(rf: RequestFactory) -> Callable[..., HttpRequest]:
    def build(
        device: str = "",
        cookie: str = "",
        address: str = "203.0.113.9",
        user: Any = None,
        auth: Any = None,
        **headers: str,
    ) -> HttpRequest:
        named = {"X-Device-ID": device} if device else {}
        request = rf.get("/", headers=named | headers, REMOTE_ADDR=address)
        if cookie:
            request.COOKIES[DEVICE_COOKIE] = cookie
        request.user = user or AnonymousUser()
        request.auth = auth  # type: ignore[attr-defined]
        return request

    return build


def test_a_person_is_named_by_their_key_in_the_table(make: Callable[..., HttpRequest]) -> None:
    assert identify(make(device=DEVICE, user=PERSON)) == Identity("u:3", "user")


def test_a_service_key_is_a_machine_whoever_it_belongs_to(make: Callable[..., HttpRequest]) -> None:
    assert identify(make(device=DEVICE, user=PERSON, auth=KEY)) == Identity("k:7", "key")


@pytest.mark.parametrize("header", [DEVICE, DEVICE.upper(), f"  {DEVICE} "])
def test_a_device_is_named_by_its_header(make: Callable[..., HttpRequest], header: str) -> None:
    assert identify(make(device=header)) == Identity(f"d:{DEVICE}", "header")


@pytest.mark.parametrize(
    "header",
    [
        "7",
        f"{{{DEVICE}}}",
        f"urn:uuid:{DEVICE}",
        DEVICE.replace("-", ""),
        str(UUID(int=0)),
        str(UUID(int=2**128 - 1)),
        "x" * 9999,
    ],
)
def test_what_is_no_canonical_uuid_of_somebody_names_no_device(make: Callable[..., HttpRequest], header: str) -> None:
    assert identify(make(device=header)).source == "network"


def test_a_device_is_named_by_our_signed_cookie(make: Callable[..., HttpRequest]) -> None:
    assert identify(make(cookie=sign_device(DEVICE))) == Identity(f"d:{DEVICE}", "cookie")


def test_the_header_is_meant_where_a_request_carries_both(make: Callable[..., HttpRequest]) -> None:
    assert identify(make(device=OTHER, cookie=sign_device(DEVICE))) == Identity(f"d:{OTHER}", "header")


@pytest.mark.parametrize("cookie", [DEVICE, f"{DEVICE}:forged", sign_device(DEVICE)[:-1], sign_device("7"), ":"])
def test_a_cookie_that_we_did_not_sign_names_no_device(make: Callable[..., HttpRequest], cookie: str) -> None:
    assert identify(make(cookie=cookie)).source == "network"


def test_no_header_names_a_user(make: Callable[..., HttpRequest]) -> None:
    plain = identify(make())

    for header in ("X-User-ID", "X-User", "Remote-User", "X-Forwarded-User", "From"):
        assert identify(make(**{header: "u:3"})) == plain


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.9", "203.0.113.200", True),
        ("203.0.113.9", "203.0.114.9", False),
        ("2001:db8:1:2::3", "2001:db8:1:ffff::4", True),
        ("2001:db8:1:2::3", "2001:db8:2:2::3", False),
        ("203.0.113.9", "::ffff:203.0.113.77", True),
        ("", "no address", True),
    ],
)
def test_a_network_is_a_24_or_a_48(make: Callable[..., HttpRequest], one: str, other: str, same: bool) -> None:
    first, second = identify(make(address=one)), identify(make(address=other))

    assert (first == second) is same
    assert first.source == "network"
    assert first.key.startswith("n:")
    assert one not in first.key or not one


def test_a_network_is_told_apart_by_the_user_agent(make: Callable[..., HttpRequest]) -> None:
    assert identify(make(**{"User-Agent": "one"})) != identify(make(**{"User-Agent": "other"}))


def test_a_network_is_hashed_with_our_secret(make: Callable[..., HttpRequest], settings: Any) -> None:
    ours = identify(make())

    settings.ROLLOUT = settings.ROLLOUT | {"SECRET": "another secret, which is long enough too"}

    assert identify(make()) != ours


def test_x_forwarded_for_counts_only_as_far_as_our_own_proxies_wrote_it(make: Callable[..., HttpRequest]) -> None:
    forged = {"X-Forwarded-For": "198.51.100.1, 192.0.2.77"}
    direct, claimed, true = (
        identify(make()),
        identify(make("", "", "198.51.100.1")),
        identify(make("", "", "192.0.2.77")),
    )

    untrusted = identify(make(**forged))
    with override_settings(TRUSTED_PROXIES=1):
        trusted = identify(make(**forged))
    with override_settings(TRUSTED_PROXIES=3):
        too_short = identify(make(**forged))

    assert untrusted == direct != claimed
    assert trusted == true
    assert too_short == direct


def test_an_identity_is_remembered_until_authentication_arrives(make: Callable[..., HttpRequest]) -> None:
    request = make(device=DEVICE)
    before = identify(request)
    again = identify(request)
    request.auth = KEY  # type: ignore[attr-defined]
    after = identify(request)

    assert before is again
    assert (before.key, after.key) == (f"d:{DEVICE}", "k:7")


def test_the_request_that_drf_wraps_is_the_same_caller(make: Callable[..., HttpRequest]) -> None:
    request = make(device=DEVICE)

    assert identify(Request(request)) is identify(request)


def test_the_current_caller_is_the_bound_one_and_follows_authentication(make: Callable[..., HttpRequest]) -> None:
    request = make(device=DEVICE)

    with identity.bind(request):
        before = identity.current()
        request.user = PERSON  # type: ignore[assignment]
        after = identity.current()
        with identity.bind(Identity("u:9", "user")):
            inner = identity.current()

    assert [str(one) for one in (before, after, inner)] == [f"d:{DEVICE}", "u:3", "u:9"]
    assert identity.current() is None


def test_a_request_without_a_device_is_offered_one_that_counts_once_it_comes_back(
    make: Callable[..., HttpRequest],
) -> None:
    response = HttpResponse()
    offer_device(make(), response)
    cookie = response.cookies[DEVICE_COOKIE]

    returned = identify(make(cookie=cookie.value))

    assert returned.source == "cookie"
    assert cookie["httponly"] is cookie["secure"] is True
    assert (cookie["samesite"], cookie["max-age"], cookie["path"]) == ("Lax", 400 * 24 * 3600, "/")


@pytest.mark.parametrize("named", [{"device": DEVICE}, {"cookie": sign_device(DEVICE)}])
def test_a_request_that_names_a_device_is_offered_none(make: Callable[..., HttpRequest], named: dict[str, str]) -> None:
    response = HttpResponse()

    offer_device(make(**named), response)

    assert not response.cookies
