"""Service keys for tests, as a client sends them."""

from typing import Any

from users.keys import Scope
from users.models import ServiceKey


def key_with(*scopes: str, **fields: Any) -> ServiceKey:
    """Store a key with these scopes; its token can be read from what is returned."""
    return ServiceKey.objects.issue(label="a test", scopes=[Scope(scope) for scope in scopes], **fields)


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries `token`, as Django's test client takes it."""
    return {"Authorization": f"Bearer {token}"}


def sent_with(*scopes: str) -> dict[str, str]:
    """Store a key with these scopes and return the header that carries it."""
    return bearer(key_with(*scopes).token.text)
