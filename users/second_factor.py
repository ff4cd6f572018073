"""Whether whoever holds a session has proven more than a password."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

FACTOR = "mfa"
"""django-allauth's word for it in a session's records."""


def is_proven(request: HttpRequest) -> bool:
    """Say whether this session has passed a second factor, which its person still has."""
    records = get_authentication_records(request, request.user)
    return any(record["method"] == FACTOR for record in records) and is_set_up(request)


def is_set_up(request: HttpRequest) -> bool:
    """Say whether the person has an authenticator app."""
    return bool(is_mfa_enabled(request.user, [Authenticator.Type.TOTP]))


def note_set_up(*, request: HttpRequest, user: Any, authenticator: Authenticator, **_: Any) -> None:
    """Take an authenticator's setting up, which asks for one of its codes, as its first use in this session."""
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, FACTOR, id=authenticator.pk, type=authenticator.type)
