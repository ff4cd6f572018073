"""Who asks. Who may, is the installation's to say: DEFAULT_PERMISSION_CLASSES ."""

from typing import Any

from rest_framework.request import Request

from rollout.moves import Actor


def actor_of(request: Request) -> Actor:
    """Return who asks, as the ledger names them: the key if there is one, else the person."""
    caller: Any = request.auth
    return Actor.key(caller) if hasattr(caller, "targeting_key") else Actor.user(request.user)
