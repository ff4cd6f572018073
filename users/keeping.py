"""What this app keeps of a person, and what the rollout does: their own row goes with them, the rest goes here."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.forms.models import model_to_dict

from jewgo.core import idempotency
from rollout.models import Flag, Override
from users.models import RoleEvent, User

_OWN = ("id", "email", "name", "is_staff", "is_superuser", "is_active", "date_joined", "last_login", "updated_at")


def export_account(user_id: int) -> dict[str, Any]:
    """Return the person's own row, addresses, sessions, second factors (which, never their secrets) and roles."""
    user = User.objects.get(pk=user_id)
    return {
        "user": {name: getattr(user, name) for name in _OWN},
        "addresses": [model_to_dict(row, ["email", "verified", "primary"]) for row in _of(EmailAddress, user_id)],
        "sessions": [
            {"ip": row.ip, "user_agent": row.user_agent, "created_at": row.created_at, "last_seen_at": row.last_seen_at}
            for row in _of(UserSession, user_id)
        ],
        "second_factors": [{"type": row.type, "created_at": row.created_at} for row in _of(Authenticator, user_id)],
        "roles": list(RoleEvent.objects.filter(user_id=user_id).order_by("pk").values("role", "action", "at")),
    }


def erase_account(user_id: int) -> None:
    """End every session and forget kept answers; addresses, factors and grants go with the person's row."""
    idempotency.forget(_identity(user_id))
    keys = UserSession.objects.filter(user_id=user_id).values_list("session_key", flat=True)
    Session.objects.filter(session_key__in=list(keys)).delete()


def export_rollout(user_id: int) -> dict[str, Any]:
    """Return the features that the person tests, and those they were put in or out of by hand."""
    overrides = Override.objects.filter(identity=_identity(user_id)).order_by("pk")
    return {
        "tests": list(Flag.objects.filter(users=user_id).order_by("name").values_list("name", flat=True)),
        "overrides": [{"feature": row.flag.name, "is_in": row.is_in} for row in overrides.select_related("flag")],
    }


def erase_rollout(user_id: int) -> None:
    """Take the person's overrides away; what was recorded of calls knows nobody by more than a number."""
    Override.objects.filter(identity=_identity(user_id)).delete()


def _identity(user_id: int) -> str:
    return f"u:{user_id}"


def _of(model: Any, user_id: int) -> Any:
    return model.objects.filter(user_id=user_id).order_by("pk")
