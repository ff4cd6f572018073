"""The v3 contract of users, frozen: what the admin pages of the field speak, whichever engine answers."""

from typing import ClassVar, Final

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, lenient_int
from jewgo.core.errors import Forbidden, Unauthenticated
from jewgo.core.paging import MAX_OFFSET, Window
from jewgo.core.problems import ErrorStyle
from jewgo.core.schema import operation
from rollout.switch import Switch
from users.api.v3_shapes import UserPage, UsersQuery, pagination, present_list
from users.services import UserService
from users.values import Slice, UserCriteria

FEATURE: Final = "api_v4_users"


LIST = Switch(FEATURE, "users.list", candidate=UserService().page, present=present_list, writes=False)


class AdminUsers(V3View):
    """`/api/admin/users`: people, for whoever operates the service."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = "/api/v4/users"

    @operation(query=UsersQuery, data=UserPage, bare=True, errors=[Unauthenticated, Forbidden])
    def get(self, request: Request) -> Response:
        """Answer one page of the users whose name or address contains `search`."""
        asked = request.query_params
        page = max(lenient_int(asked.get("page"), 1, MAX_OFFSET), 1)
        limit = lenient_int(asked.get("limit"), 20, 100)
        criteria = UserCriteria(search=asked.get("search", "").strip())
        found = LIST(request, Slice(criteria, Window(limit, (page - 1) * limit)))
        return Response({"users": found["users"], "pagination": pagination(page, limit, found["total"])})


urlpatterns = [path("api/admin/users", AdminUsers.as_view(), name="v3-admin-users")]
