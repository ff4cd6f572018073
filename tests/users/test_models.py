"""People and keys, and what the database refuses about them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tests.users.credentials import key_with
from users.models import ServiceKey, User

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def test_a_new_person_without_a_password_cannot_log_in() -> None:
    assert not User.objects.create_user("dana@example.com").has_usable_password()


def test_a_superuser_may_enter_the_admin() -> None:
    user = User.objects.create_superuser("root@example.com", "a-long-password")

    assert (user.is_staff, user.is_superuser) == (True, True)


def test_a_key_is_seen_by_the_rollout_as_k_and_its_id() -> None:
    key = key_with("ops")

    assert key.targeting_key == f"k:{key.pk}"


def test_only_the_instance_that_was_issued_knows_the_token() -> None:
    key = key_with("ops")

    with pytest.raises(LookupError):
        _ = ServiceKey.objects.get().token
    assert key.token.text not in str(vars(ServiceKey.objects.get()))


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "usable"),
        ({"expires_at": NOW + timedelta(seconds=1)}, "usable"),
        ({"expires_at": NOW}, "expired"),
        ({"revoked_at": NOW - timedelta(days=1)}, "revoked"),
        ({"revoked_at": NOW, "expires_at": NOW}, "revoked"),
    ],
)
def test_a_keys_state_follows_from_its_dates(fields: dict[str, Any], state: str) -> None:
    key = ServiceKey(**fields)

    assert key.state(NOW) == state
    assert key.is_usable(NOW) is (state == "usable")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"scopes": []}, "users_servicekey_known_scopes"),
        ({"scopes": ["catalog:own"]}, "users_servicekey_known_scopes"),
        ({"scopes": ["ops", "root"]}, "users_servicekey_known_scopes"),
        ({"digest": "jwg_the_token_itself"}, "users_servicekey_digest_only"),
        ({"label": ""}, "users_servicekey_label_not_empty"),
        ({"expires_at": NOW - timedelta(days=1)}, "users_servicekey_expires_later"),
    ],
)
def test_the_database_refuses_a_key_that_makes_no_sense(fields: dict[str, Any], constraint: str) -> None:
    sound = {"label": "a", "prefix": "aB3dE6gH", "digest": "0" * 64, "scopes": ["ops"]}

    with pytest.raises(IntegrityError, match=constraint):
        ServiceKey.objects.create(**sound | fields)
