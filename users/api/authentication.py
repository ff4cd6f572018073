"""Who calls the API: a machine with a service key, or a person with a session token.

The session cookie of the admin and of the account pages does not count, so CSRF never meets the API.
"""

from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from users.accounts.sessions import session_of
from users.keys import CHALLENGE
from users.models import ServiceKey

SESSION_HEADER: Final = "X-Session-Token"


class ServiceKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer jwg_…`: the request gets the key as `auth`; its user stays anonymous."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ServiceKey] | None:
        """Return the caller; None when no bearer token was sent. Raises `InvalidServiceKey` when it opens nothing."""
        scheme, _, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return AnonymousUser(), ServiceKey.objects.authenticate(token.strip(), now=timezone.now())

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that a 401 carries."""
        return CHALLENGE


class SessionTokenAuthentication(BaseAuthentication):
    """`X-Session-Token: …`, as a login gives it: the request is its person's, and `auth` is the session."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, UserSession] | None:
        """Return the caller; None when no token was sent. Raises `InvalidSession` when it opens nothing."""
        token = request.headers.get(SESSION_HEADER)
        if token is None:
            return None
        session = session_of(token, at=timezone.now())
        return session.user, session
