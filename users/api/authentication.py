"""Who calls the API: a machine with a service key. The admin's session does not count, so CSRF never meets the API."""

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from users.keys import CHALLENGE
from users.models import ServiceKey


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
