"""Which reviews a caller may know of, the same in both contracts."""

from rest_framework.request import Request

from reviews.values import EVERY_STATE, PUBLISHED
from users.api.permissions import has_scope


def visible_states(request: Request) -> frozenset[str]:
    """Return the states whose reviews this caller may read: what is not approved is for keys that may read it."""
    may_read_all = has_scope(request, "reviews:read") or has_scope(request, "ops")
    return EVERY_STATE if may_read_all else PUBLISHED
