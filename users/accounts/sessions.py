"""The session behind an `X-Session-Token`: found, with its person, by one query; revoked by deleting its row."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import OuterRef, Subquery
from django.utils.crypto import constant_time_compare

from jewgo.core.errors import Unauthenticated
from users.second_factor import FACTOR

_TOKEN: Final = re.compile(r"[0-9a-z]{32}")
"""What a session's key looks like; anything else is refused without a query."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """How a session's person proved who they are: with a second factor or not, and when last (seconds since 1970)."""

    has_second_factor: bool
    latest: float


class InvalidSession(Unauthenticated):
    """The token opens no session, or no longer; which of the two is never said."""

    code, title = "invalid_session", "The session is not valid"

    def __init__(self) -> None:
        super().__init__(hint="Log in again: POST /accounts/app/v1/auth/login.")


def session_of(token: str, *, at: datetime) -> UserSession:
    """Return the session that `token` opens at that time, with its `user` and its `proofs`.

    Raises `InvalidSession`, the same for every reason: unknown, expired, revoked, begun with an older password, not
    logged in to the end, or of somebody who is no longer active.
    """
    if not _TOKEN.fullmatch(token):
        raise InvalidSession
    stored = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=at).values("session_data")
    found = (
        UserSession.objects.filter(session_key=token).select_related("user").annotate(stored=Subquery(stored)).first()
    )
    told = {} if found is None or found.stored is None else SessionStore().decode(found.stored)
    if found is None or not _is_of(found.user, told):
        raise InvalidSession
    found.proofs = _proofs(told)
    return found


def _proofs(told: dict[str, Any]) -> Proofs:
    records = told.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    latest = max((float(record["at"]) for record in records), default=0.0)
    return Proofs(any(record["method"] == FACTOR for record in records), latest)


def _is_of(user: Any, told: dict[str, Any]) -> bool:
    """Say whether `told`, a session's content, lets `user` in; the same questions as `django.contrib.auth.get_user`."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return (
        user.is_active
        and told.get(SESSION_KEY) == str(user.pk)
        and told.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and any(constant_time_compare(told.get(HASH_SESSION_KEY, ""), known) for known in hashes)
    )
