"""The v3 contract of users, frozen: what the admin pages of the field speak, whichever engine answers."""

from typing import ClassVar, Final

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, lenient_int
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.paging import MAX_OFFSET, Window
from jewgo.core.problems import ErrorStyle
from jewgo.core.schema import operation
from rollout.switch import Switch
from users.api.givers import giver_of
from users.api.v3_shapes import (
    PersonForm,
    SuccessShape,
    UserPage,
    UsersQuery,
    named,
    pagination,
    present_list,
    present_person,
    read_change,
)
from users.services import UserService
from users.values import LastSuperAdmin, Slice, UnknownUser, UserCriteria

FEATURE: Final = "api_v4_users"
SERVICE: Final = UserService()

LIST = Switch(FEATURE, "users.list", candidate=SERVICE.page, present=present_list, writes=False)
CHANGE = Switch(FEATURE, "users.change", candidate=SERVICE.change, present=present_person, writes=True)
ERASE = Switch(FEATURE, "users.erase", candidate=SERVICE.erase, present=lambda gone: gone, writes=True)


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

    @operation(
        body=PersonForm,
        data=SuccessShape,
        bare=True,
        errors=[InvalidInput, Unauthenticated, Forbidden, UnknownUser, LastSuperAdmin],
    )
    def put(self, request: Request) -> Response:
        """Change a person's name, or whether they are a super admin."""
        user_id = named(request)
        CHANGE(request, user_id, read_change(request.data), giver_of(request))
        return Response({"success": True})

    @operation(
        data=SuccessShape,
        bare=True,
        errors=[InvalidInput, Unauthenticated, Forbidden, UnknownUser, LastSuperAdmin],
    )
    def delete(self, request: Request) -> Response:
        """Let a person go; their reviews stay without an author."""
        ERASE(request, named(request), giver_of(request))
        return Response({"success": True})


urlpatterns = [path("api/admin/users", AdminUsers.as_view(), name="v3-admin-users")]
