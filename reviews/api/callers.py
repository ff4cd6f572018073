"""Who asks, as the services take it: the same in both contracts."""

from rest_framework.request import Request

from reviews.values import Caller
from rollout.identity import identify
from users.api.permissions import meets
from users.authority import EVERY_REVIEW, MODERATION


def caller_of(request: Request) -> Caller:
    """Return who asks: which person, whether they may read what is not approved, and whether they moderate."""
    return Caller(
        user_id=request.user.pk if request.user.is_authenticated else None,
        sees_all=meets(request, EVERY_REVIEW),
        moderates=meets(request, MODERATION),
        name=str(identify(request)),
    )
