"""What a caller may do, asked of the table in one way everywhere."""

from typing import TYPE_CHECKING, Final

from django.http import HttpRequest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from users.authority import AUTHORITY, Rule
from users.models import ServiceKey
from users.roles import PERMISSIONS, SIGNED_IN, Role

if TYPE_CHECKING:
    from rest_framework.views import APIView

_ALIASES: Final = {"HEAD": "GET"}


def meets(request: HttpRequest | Request, rule: Rule) -> bool:
    """Return whether the rule lets the caller in: a key by its scopes, a person by what they are."""
    if rule.is_public:
        return True
    credential = getattr(request, "auth", None)
    if isinstance(credential, ServiceKey):
        return not rule.scopes.isdisjoint(credential.scopes)
    return credential is not None and _is_one_of(request, rule.roles)


def _is_one_of(request: HttpRequest | Request, roles: frozenset[Role]) -> bool:
    user = request.user
    if not user.is_authenticated:
        return False
    if user.is_superuser or roles & SIGNED_IN or roles & user.granted_roles:
        return True
    return any(user.has_perm(PERMISSIONS[role]) for role in sorted(roles & PERMISSIONS.keys()))


class Authority(BasePermission):
    """Lets in whom the table names for this route and method. Without credentials 401, with too small ones 403."""

    message = "This caller may not do that."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether the table lets the caller use this method of the route; a route that it lacks is closed.

        A method that the view does not offer is let through, to be answered 405; so is OPTIONS, which says what is.
        """
        if request.method == "OPTIONS" or not hasattr(view, (request.method or "").lower()):
            return True
        rule = AUTHORITY.get(route_of(request))
        if rule is None:
            return False
        self.message = f"This is open to {rule}."
        return meets(request, rule)


def route_of(request: HttpRequest | Request) -> str:
    """Return the table's name of what is asked: method and route, HEAD being a GET whose body is left out."""
    match = request.resolver_match
    method = request.method or ""
    return f"{_ALIASES.get(method, method)} /{match.route if match else ''}"
