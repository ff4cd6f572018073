"""Who may see and who may move: scopes, asked of whatever keeps the keys (setting ROLLOUT["SCOPE_CHECK"])."""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from rollout.moves import Actor

READ = ("rollout:read", "ops")
STOP = ("rollout:rollback", "ops")
"""What only sends people back or holds them where they are needs less than what widens."""
MOVE = ("ops",)

ScopeCheck = Callable[[Request, str], bool]


class HasAnyScope(BasePermission):
    """Opens a view to callers with one of the view's `scopes`. Without credentials 401, without the scope 403."""

    message = "This key has none of the scopes that this needs."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the caller has any of them."""
        check = cast("ScopeCheck", import_string(settings.ROLLOUT["SCOPE_CHECK"]))
        scopes: tuple[str, ...] = getattr(view, "scopes", MOVE)
        return any(check(request, scope) for scope in scopes)


def actor_of(request: Request) -> Actor:
    """Return who asks, as the ledger names them: the key if there is one, else the person."""
    caller: Any = request.auth
    return Actor.user(request.user) if caller is None else Actor.key(caller)
