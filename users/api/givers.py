"""Who changes people, read from a request."""

from typing import Final

from rest_framework.request import Request

from rollout.identity import identify
from users.roles import level_of
from users.values import Giver

KEY_LEVEL: Final = 5
"""A key stands where the people stand who operate the service: it changes no super admin."""


def giver_of(request: Request) -> Giver:
    """Return the caller as the ledgers name them, with the level that their roles have."""
    name = str(identify(request._request))
    if not request.user.is_authenticated:
        return Giver(name, KEY_LEVEL)
    return Giver(name, level_of(request.user.granted_roles), request.user.pk)
