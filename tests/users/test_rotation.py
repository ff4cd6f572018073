"""A service key is put in another's place without a moment in which neither opens."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from tests.users.credentials import bearer, key_with
from users.keys import InvalidServiceKey
from users.models import ServiceKey, User
from users.repositories import NotRotatable, UnknownServiceKey

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def test_both_keys_open_until_the_old_one_has_ended() -> None:
    old = key_with("catalog:read", "ops")

    new = ServiceKey.objects.rotate(old.prefix, now=NOW, overlap=timedelta(hours=2))

    later, much_later = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
    for token in (old.token.text, new.token.text):
        assert ServiceKey.objects.authenticate(token, now=later).label == "a test"
    assert ServiceKey.objects.authenticate(new.token.text, now=much_later).scopes == ["catalog:read", "ops"]
    with pytest.raises(InvalidServiceKey):
        ServiceKey.objects.authenticate(old.token.text, now=much_later)
    assert (new.label, new.replaces, new.expires_at) == (old.label, old, None)


def test_the_new_key_lives_as_long_as_the_old_one_did_and_the_old_one_no_longer_than_before() -> None:
    old = key_with("ops", expires_at=NOW + timedelta(days=1))
    ServiceKey.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=29))

    new = ServiceKey.objects.rotate(old.prefix, now=NOW, overlap=timedelta(days=7))

    old.refresh_from_db()
    assert new.expires_at == NOW + timedelta(days=30)
    assert old.expires_at == NOW + timedelta(days=1)


def test_a_key_is_replaced_once_and_only_while_it_opens_something() -> None:
    old, revoked = key_with("ops"), key_with("ops")
    ServiceKey.objects.revoke(revoked.prefix, now=NOW)
    ServiceKey.objects.rotate(old.prefix, now=NOW)

    for prefix in (old.prefix, revoked.prefix):
        with pytest.raises(NotRotatable):
            ServiceKey.objects.rotate(prefix, now=NOW)
    with pytest.raises(UnknownServiceKey):
        ServiceKey.objects.rotate("nothing0", now=NOW)


def test_the_command_prints_the_new_token_alone(capsys: pytest.CaptureFixture[str]) -> None:
    old = key_with("ops")

    call_command("service_key", "rotate", old.prefix, "--json")

    told = json.loads(capsys.readouterr().out)
    assert ServiceKey.objects.authenticate(told["token"], now=timezone.now()).replaces_id == old.pk


@pytest.mark.parametrize(
    ("arguments", "status"), [(["nothing0"], 4), (["{prefix}", "--overlap-hours", "721"], 2), (["{revoked}"], 3)]
)
def test_the_command_says_why_not(arguments: list[str], status: int) -> None:
    names = {"prefix": key_with("ops").prefix, "revoked": key_with("ops").prefix}
    ServiceKey.objects.revoke(names["revoked"], now=NOW)

    with pytest.raises(CommandError) as refused:
        call_command("service_key", "rotate", *(text.format(**names) for text in arguments))

    assert refused.value.returncode == status


def test_the_admin_rotates_one_key_and_shows_its_token_once(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.com"))
    keys = [key_with("ops"), key_with("ops")]
    post = {"action": "rotate", "_selected_action": [keys[0].pk]}

    shown = client.post("/admin/users/servicekey/", post)
    both = client.post("/admin/users/servicekey/", {**post, "_selected_action": [key.pk for key in keys]}, follow=True)
    again = client.post("/admin/users/servicekey/", post, follow=True)

    new = ServiceKey.objects.get(replaces=keys[0])
    assert f"jwg_{new.prefix}_" in shown.content.decode()
    assert shown.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert "Select one key" in both.content.decode()
    assert "has been replaced already" in again.content.decode()
    assert client.get("/api/v4/rollout/status", headers=bearer(keys[0].token.text)).status_code == 200
