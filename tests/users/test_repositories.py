"""How a key is asked for, remembered and ended; in which words people are asked for."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.users.credentials import key_with
from users.keys import InvalidServiceKey, mint
from users.models import ServiceKey, User
from users.repositories import UnknownServiceKey
from users.values import UserCriteria

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LATER = NOW + timedelta(days=1)


def test_a_token_opens_its_key() -> None:
    key = key_with("ops")

    assert ServiceKey.objects.authenticate(key.token.text, now=NOW) == key


def test_a_token_with_a_right_prefix_and_another_secret_opens_nothing() -> None:
    key = key_with("ops")
    forged = mint()
    ServiceKey.objects.filter(pk=key.pk).update(prefix=forged.prefix)

    with pytest.raises(InvalidServiceKey):
        ServiceKey.objects.authenticate(forged.text, now=NOW)


def test_an_unknown_an_expired_and_a_revoked_key_fail_alike() -> None:
    expired, revoked = key_with("ops", expires_at=LATER), key_with("ops")
    ServiceKey.objects.revoke(revoked.prefix, now=NOW)

    messages = set()
    for text in (mint().text, expired.token.text, revoked.token.text, "jwg_nonsense"):
        with pytest.raises(InvalidServiceKey) as raised:
            ServiceKey.objects.authenticate(text, now=LATER)
        messages.add((raised.value.message, raised.value.hint, raised.value.code, str(raised.value.headers)))

    assert len(messages) == 1


def test_a_malformed_token_costs_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0), pytest.raises(InvalidServiceKey):
        ServiceKey.objects.authenticate("jwg_nonsense", now=NOW)


def test_use_is_written_once_a_minute_and_otherwise_only_read() -> None:
    key = key_with("ops")
    moments = [NOW, NOW + timedelta(seconds=59), NOW + timedelta(seconds=60), NOW + timedelta(seconds=61)]

    counts = []
    for moment in moments:
        with CaptureQueriesContext(connection) as queries:
            ServiceKey.objects.authenticate(key.token.text, now=moment)
        counts.append(len(queries))

    assert counts == [2, 1, 2, 1]
    assert ServiceKey.objects.get().last_used_at == NOW + timedelta(seconds=60)


def test_a_refused_key_is_not_marked_as_used() -> None:
    key = key_with("ops", expires_at=LATER)

    with pytest.raises(InvalidServiceKey):
        ServiceKey.objects.authenticate(key.token.text, now=LATER)

    assert ServiceKey.objects.get().last_used_at is None


def test_revoking_twice_says_so_and_keeps_the_first_time() -> None:
    key = key_with("ops")

    answers = [ServiceKey.objects.revoke(key.prefix, now=moment) for moment in (NOW, LATER)]

    assert answers == [True, False]
    assert ServiceKey.objects.get().revoked_at == NOW


def test_revoking_an_unknown_prefix_names_it() -> None:
    with pytest.raises(UnknownServiceKey, match="'nowhere'"):
        ServiceKey.objects.revoke("nowhere", now=NOW)


def test_scopes_are_stored_once_each_in_order() -> None:
    assert key_with("ops", "catalog:read", "ops").scopes == ["catalog:read", "ops"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["miriam@example.com", "dana@example.com"]),
        ("DANA", ["dana@example.com"]),
        ("כהן", ["miriam@example.com"]),
        ("%", []),
        ("_", []),
    ],
)
def test_people_are_found_by_a_part_of_name_or_address(search: str, found: list[str]) -> None:
    User.objects.create_user("Dana@example.com", name="Dana Levi")
    User.objects.create_user("miriam@example.com", name="מרים כהן")

    people = User.objects.matching(UserCriteria(search), timezone.now())

    assert [user.email for user in people] == found
