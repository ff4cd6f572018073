"""`manage.py service_key`: make, list, revoke."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.users.credentials import key_with
from users.models import ServiceKey

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("service_key", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_create_writes_the_token_alone_to_stdout_so_that_a_script_can_take_it() -> None:
    out, err = run("create", "the importer", "--scope", "catalog:write", "--scope", "catalog:read")

    key = ServiceKey.objects.get()
    assert out.startswith(f"jwg_{key.prefix}_")
    assert out.count("\n") == 1
    assert "not shown again" in err
    assert key.scopes == ["catalog:read", "catalog:write"]


def test_create_answers_in_json_with_everything_about_the_key() -> None:
    out, _ = run("create", "ops", "--scope", "ops", "--expires-in-days", "30", "--json")

    made = json.loads(out)
    key = ServiceKey.objects.get()
    assert list(made) == [
        "id", "prefix", "label", "scopes", "state", "created_at", "expires_at", "revoked_at", "last_used_at", "token",
    ]  # fmt: skip
    assert key.expires_at is not None
    assert made["expires_at"] == key.expires_at.isoformat()
    assert (key.expires_at - key.created_at).days in (29, 30)


def test_the_stored_digest_is_of_the_token_that_was_shown() -> None:
    out, _ = run("create", "ops", "--scope", "ops")

    key = ServiceKey.objects.get()
    assert ServiceKey.objects.authenticate(out.strip(), now=key.created_at) == key


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "ops"),
        ("create", "ops", "--scope", "root"),
        ("create", "", "--scope", "ops"),
        ("create", "x" * 101, "--scope", "ops"),
        ("create", "ops", "--scope", "ops", "--expires-in-days", "0"),
        ("create", "ops", "--scope", "ops", "--expires-in-days", "99999999"),
        ("remove",),
    ],
)
def test_wrong_usage_makes_no_key(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)

    assert not ServiceKey.objects.exists()


def test_wrong_usage_found_by_us_ends_with_2() -> None:
    with pytest.raises(CommandError) as raised:
        run("create", " ", "--scope", "ops")

    assert raised.value.returncode == 2


def test_list_shows_every_key_and_no_token() -> None:
    key = key_with("ops", "catalog:read")

    out, _ = run("list")
    as_json, _ = run("list", "--json")

    assert out.split()[:2] == [key.prefix, "usable"]
    assert out.endswith("a test: catalog:read, ops\n")
    assert json.loads(as_json)[0]["prefix"] == key.prefix
    assert key.token.text not in out + as_json


def test_revoke_ends_a_key_and_says_when_it_was_ended_before() -> None:
    key = key_with("ops")

    first, _ = run("revoke", key.prefix)
    second, _ = run("revoke", key.prefix)

    assert "is revoked" in first
    assert "was revoked before" in second
    assert ServiceKey.objects.get().revoked_at is not None


def test_revoking_an_unknown_key_ends_with_4_and_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="service_key list") as raised:
        run("revoke", "nowhere1")

    assert raised.value.returncode == 4
