"""Who works in the admin, as the services take it."""

from django.http import HttpRequest

from reviews.values import Caller


def moderator(request: HttpRequest) -> Caller:
    """Return the moderator; whoever may change reviews in the admin is one."""
    return Caller(user_id=request.user.pk, sees_all=True, moderates=True, name=f"u:{request.user.pk}")
