"""The v3 contract of users, frozen: what the admin pages of the field speak, whichever engine answers."""

from typing import Any, ClassVar, Final

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, lenient_int
from jewgo.core.envelope import timestamp
from jewgo.core.paging import MAX_OFFSET, Window
from jewgo.core.problems import ErrorStyle
from rollout.switch import Switch
from users.api.permissions import HasScope
from users.services import UserService
from users.values import Listing, Person, Slice, UserCriteria

FEATURE: Final = "api_v4_users"


def present_person(person: Person) -> dict[str, Any]:
    """Return the nine keys of a user, in their order.

    The id is a string, as v3's account ids were. Nobody has verified an address or given an image yet: both are null.
    """
    return {
        "id": str(person.id),
        "name": person.name or None,
        "email": person.email,
        "emailVerified": None,
        "image": None,
        "isSuperAdmin": person.is_superuser,
        "createdAt": timestamp(person.created_at),
        "updatedAt": timestamp(person.updated_at),
        "role": person.role,
    }


def present_list(listing: Listing) -> dict[str, Any]:
    """Return the users of a list, and how many there are in all."""
    return {"users": [present_person(person) for person in listing.people], "total": listing.total}


LIST = Switch(FEATURE, "users.list", candidate=UserService().page, present=present_list, writes=False)


class AdminUsers(V3View):
    """`/api/admin/users`: people, for whoever operates the service."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = "/api/v4/users"
    permission_classes = [HasScope("ops")]

    def get(self, request: Request) -> Response:
        """Answer one page of the users whose name or address contains `search`."""
        asked = request.query_params
        page = max(lenient_int(asked.get("page"), 1, MAX_OFFSET), 1)
        limit = lenient_int(asked.get("limit"), 20, 100)
        criteria = UserCriteria(search=asked.get("search", "").strip())
        found = LIST(request, Slice(criteria, Window(limit, (page - 1) * limit)))
        return Response({"users": found["users"], "pagination": pagination(page, limit, found["total"])})


def pagination(page: int, limit: int, total: int) -> dict[str, int]:
    """Return v3's numbered pages; a limit of 0 makes none."""
    return {"page": page, "limit": limit, "total": total, "pages": -(-total // limit) if limit else 0}


urlpatterns = [path("api/admin/users", AdminUsers.as_view(), name="v3-admin-users")]
