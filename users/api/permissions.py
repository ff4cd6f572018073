"""What a caller may do: a service key's scopes, asked for in one way everywhere."""

from functools import cache
from typing import TYPE_CHECKING, ClassVar

from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from users.keys import Scope
from users.models import ServiceKey

if TYPE_CHECKING:
    from rest_framework.views import APIView


def has_scope(request: HttpRequest | Request, scope: str) -> bool:
    """Return whether the caller is a service key with this scope. A superuser's session is no key and has none."""
    key = getattr(request, "auth", None)
    return isinstance(key, ServiceKey) and scope in key.scopes


class ScopePermission(BasePermission):
    """Opens a view to keys with one scope. Without a key 401, with a key that lacks the scope 403."""

    scope: ClassVar[Scope]
    open_methods: ClassVar[tuple[str, ...]] = ()

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether the caller may use this method of the view."""
        return request.method in self.open_methods or has_scope(request, self.scope)

    @property
    def message(self) -> str:
        """What a caller with a key is told when the key is not enough."""
        return f"This key does not have the scope {self.scope}."


@cache
def HasScope(scope: str) -> type[ScopePermission]:  # noqa: N802 - it stands where a permission class stands
    """Return the permission class that asks for `scope` on every method."""
    return type(f"HasScope({scope})", (ScopePermission,), {"scope": Scope(scope)})


@cache
def HasAnyScope(*scopes: str) -> type[BasePermission]:  # noqa: N802
    """Return the permission class that asks for one of `scopes` on every method."""

    def has_permission(_: BasePermission, request: Request, _view: "APIView") -> bool:
        return any(has_scope(request, scope) for scope in scopes)

    message = f"This key has none of the scopes {', '.join(scopes)}."
    return type(f"HasAnyScope({scopes})", (BasePermission,), {"has_permission": has_permission, "message": message})


@cache
def HasScopeToWrite(scope: str) -> type[ScopePermission]:  # noqa: N802
    """Return the permission class that leaves reading open and asks for `scope` on every other method."""
    return type(f"HasScopeToWrite({scope})", (ScopePermission,), {"scope": Scope(scope), "open_methods": SAFE_METHODS})
