"""Who calls, for a kernel that knows no app: the setting CALLER names who can tell."""

from typing import Any, Final, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from jewgo.core.addresses import address_of, network_of

PRINCIPALS: Final = frozenset({"user", "key"})
"""Whom nobody can choose to be. A device is no such caller: it may call itself anew in every request."""


class Caller(NamedTuple):
    """The kind of a caller (`user`, `key` or `anonymous`), and what they are known by: else their address."""

    kind: str
    key: str

    @property
    def is_known(self) -> bool:
        return self.kind in PRINCIPALS


def caller_of(request: HttpRequest) -> Caller:
    """Return who calls, once authentication has had its say; who is not known is their /64, or their IPv4 address."""
    told: Any = import_string(settings.CALLER)(request)
    if told.source in PRINCIPALS:
        return Caller(told.source, told.key)
    return Caller("anonymous", network_of(address_of(request), v4=32, v6=64))
