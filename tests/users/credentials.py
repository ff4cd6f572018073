"""Service keys and sessions for tests, as a client sends them."""

from typing import Any

from allauth.headless.internal import sessionkit
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login
from django.test import RequestFactory

from tests.silence import plant
from users.keys import Scope
from users.models import ServiceKey, User


def key_with(*scopes: str, **fields: Any) -> ServiceKey:
    """Store a key with these scopes; its token can be read from what is returned."""
    return ServiceKey.objects.issue(label="a test", scopes=[Scope(scope) for scope in scopes], **fields)


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries `token`, as Django's test client takes it."""
    return {"Authorization": f"Bearer {token}"}


def sent_with(*scopes: str) -> dict[str, str]:
    """Store a key with these scopes and return the header that carries it."""
    return bearer(key_with(*scopes).token.text)


def signed_in(user: User) -> dict[str, str]:
    """Log `user` in as an app would, without asking for anything, and return the header that carries the session."""
    request = RequestFactory().post("/")
    request.user, request.session = user, sessionkit.new_session()
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session.save()
    UserSession.objects.create_from_request(request)
    return {"X-Session-Token": plant(str(request.session.session_key))}
