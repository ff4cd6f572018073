"""Who changes people, read from a request."""

from typing import Final

from rest_framework.request import Request

from jewgo.core.errors import Unauthenticated
from rollout.identity import identify
from users.values import Giver

KEY_LEVEL: Final = 5
"""A key stands where the people stand who operate the service: it changes no super admin."""


def giver_of(request: Request) -> Giver:
    """Return the caller as the ledgers name them, with the level that their roles have."""
    if request.user.is_authenticated:
        return Giver.person(request.user)
    return Giver(str(identify(request._request)), KEY_LEVEL)


def own_id(request: Request) -> int:
    """Return the id of the person who asks; raises `Unauthenticated` for anybody else."""
    pk = request.user.pk
    if pk is None:
        raise Unauthenticated
    return pk
