"""Which reviews a caller may know of, the same in both contracts."""

from rest_framework.request import Request

from reviews.values import EVERY_STATE, PUBLISHED
from users.api.permissions import meets
from users.authority import EVERY_REVIEW


def visible_states(request: Request) -> frozenset[str]:
    """Return the states whose reviews this caller may read: what is not approved is for moderators."""
    return EVERY_STATE if meets(request, EVERY_REVIEW) else PUBLISHED
