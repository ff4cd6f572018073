"""What a caller may do, asked of the table in one way everywhere."""

import time
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.http import HttpRequest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from jewgo.core.errors import Forbidden
from users.accounts.sessions import Proofs
from users.authority import AUTHORITY, Rule
from users.models import ServiceKey
from users.roles import PERMISSIONS, SIGNED_IN

if TYPE_CHECKING:
    from rest_framework.views import APIView

FRESH_S: Final = 15 * 60
_ALIASES: Final = {"HEAD": "GET"}


class SecondFactorRequired(Forbidden):
    """A role counts in a session that has passed a second factor."""

    code, title = "second_factor_required", "Your role counts once you have given a second factor"

    def __init__(self) -> None:
        super().__init__(hint="Set one up at /accounts/app/v1/account/authenticators/totp, then log in with it.")


class ReauthenticationRequired(Forbidden):
    """What cannot be taken back easily asks for a proof that is not older than a quarter of an hour."""

    code, title = "reauthentication_required", "Prove again who you are"

    def __init__(self) -> None:
        super().__init__(hint="POST /accounts/app/v1/auth/2fa/reauthenticate, then send this again.")


def meets(request: HttpRequest | Request, rule: Rule) -> bool:
    """Return whether the rule lets the caller in: a key by its scopes, a person by what they are."""
    if rule.is_public:
        return True
    credential = getattr(request, "auth", None)
    if isinstance(credential, ServiceKey):
        return not rule.scopes.isdisjoint(credential.scopes)
    if credential is None:
        return False
    return bool(rule.roles & SIGNED_IN) or (_is_proven(request) and _has_role(request, rule))


def _has_role(request: HttpRequest | Request, rule: Rule) -> bool:
    user: Any = request.user
    roles = rule.roles
    if user.is_superuser or roles & user.granted_roles:
        return True
    return any(user.has_perm(PERMISSIONS[role]) for role in sorted(roles & PERMISSIONS.keys()))


def _is_proven(request: HttpRequest | Request) -> bool:
    return not settings.STAFF_SECOND_FACTOR or _proofs(request).has_second_factor


def _proofs(request: HttpRequest | Request) -> Proofs:
    session: Any = getattr(request, "auth", None)
    proofs: Proofs = session.proofs
    return proofs


class Authority(BasePermission):
    """Lets in whom the table names for this route and method. Without credentials 401, with too small ones 403."""

    message = "This caller may not do that."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether the table lets the caller use this method of the route; a route that it lacks is closed.

        A method that the view does not offer is let through, to be answered 405; so is OPTIONS, which says what is.
        Raises `SecondFactorRequired`, `ReauthenticationRequired` for a person whose role would do.
        """
        if request.method == "OPTIONS" or not hasattr(view, (request.method or "").lower()):
            return True
        rule = AUTHORITY.get(route_of(request))
        if rule is None:
            return False
        self.message = f"This is open to {rule}."
        is_in = meets(request, rule)
        if request.user.is_authenticated:
            _require_proofs(request, rule, is_in=is_in)
        return is_in


def _require_proofs(request: Request, rule: Rule, *, is_in: bool) -> None:
    """Tell a person who has the role what is missing besides."""
    if not is_in and not _is_proven(request) and _has_role(request, rule):
        raise SecondFactorRequired
    if is_in and rule.is_fresh and settings.STAFF_SECOND_FACTOR and time.time() - _proofs(request).latest > FRESH_S:
        raise ReauthenticationRequired


def route_of(request: HttpRequest | Request) -> str:
    """Return the table's name of what is asked: method and route, HEAD being a GET whose body is left out."""
    match = request.resolver_match
    method = request.method or ""
    return f"{_ALIASES.get(method, method)} /{match.route if match else ''}"
