"""People, for whoever operates the service."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import PageQuery, StrictSerializer, V4View, v4_conditional, v4_response
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.paging import InvalidCursor, PageRequest
from jewgo.core.schema import operation
from rollout.gate import FeatureDisabled, Gate
from users.api.givers import giver_of
from users.api.permissions import Authority
from users.api.v4.shapes import (
    PersonBody,
    RoleBody,
    RoleHistoryShape,
    UserShape,
    UsersQuery,
    present_history,
    present_person,
)
from users.roles import LEVELS, Role
from users.services import RoleService, UserService
from users.values import (
    AboveYourLevel,
    InvalidRole,
    LastSuperAdmin,
    PersonChange,
    RoleNotHeld,
    UnknownUser,
    UserCriteria,
)

DENIALS = (InvalidInput, Unauthenticated, Forbidden, FeatureDisabled)


class PeopleView(V4View):
    """A view of people, behind the gate."""

    permission_classes: Sequence[Any] = (Gate("api_v4_users"), Authority)
    v3_path: ClassVar[str | None] = "/api/admin/users"
    service: ClassVar[UserService] = UserService()
    roles: ClassVar[RoleService] = RoleService()


class Users(PeopleView):
    """`/api/v4/users`."""

    @operation(query=UsersQuery, data=list[UserShape], conditional=True, errors=[*DENIALS, InvalidCursor])
    def get(self, request: Request) -> Response:
        """Answer one page of the users who match, the latest first."""
        query = self.query(UsersQuery)
        asked = PageRequest.of(query)
        role = Role(query["role"]) if "role" in query else None
        page = self.service.browse(UserCriteria(query.get("search", ""), role, query["is_active"]), asked)
        return v4_conditional(request, [present_person(person) for person in page.items], meta=asked.meta(page))


class User(PeopleView):
    """`/api/v4/users/{id}`."""

    @operation(data=UserShape, conditional=True, errors=[*DENIALS, UnknownUser])
    def get(self, request: Request, user_id: int) -> Response:
        """Answer one person."""
        self.query(StrictSerializer)
        return v4_conditional(request, present_person(self.service.get(user_id)))

    @operation(body=PersonBody, data=UserShape, errors=[*DENIALS, UnknownUser, AboveYourLevel, LastSuperAdmin])
    def patch(self, request: Request, user_id: int) -> Response:
        """Change a person's name, or whether they may sign in at all."""
        self.query(StrictSerializer)
        body = self.body(PersonBody, partial=True)
        change = PersonChange(name=body.get("name"), is_active=body.get("is_active"))
        return v4_response(present_person(self.service.change(user_id, change, giver_of(request))))

    @operation(status=204, errors=[*DENIALS, UnknownUser, LastSuperAdmin])
    def delete(self, request: Request, user_id: int) -> Response:
        """Let a person go: what names them goes too, their reviews stay without an author."""
        self.query(StrictSerializer)
        self.service.erase(user_id, giver_of(request))
        return Response(status=204)


class Roles(PeopleView):
    """`/api/v4/users/{id}/roles`."""

    @operation(query=PageQuery, data=list[RoleHistoryShape], conditional=True, errors=[*DENIALS, UnknownUser])
    def get(self, request: Request, user_id: int) -> Response:
        """Answer what became of a person's roles, the latest first; those they have now are the person's own member."""
        asked = PageRequest.of(self.query(PageQuery))
        page = self.roles.history(user_id, asked)
        return v4_conditional(request, [present_history(entry) for entry in page.items], meta=asked.meta(page))

    @operation(body=RoleBody, data=UserShape, errors=[*DENIALS, UnknownUser, InvalidRole])
    def post(self, request: Request, user_id: int) -> Response:
        """Give a person a role, or give one they have another end."""
        self.query(StrictSerializer)
        body = self.body(RoleBody)
        person = self.roles.grant(user_id, Role(body["role"]), giver_of(request), expires_at=body["expires_at"])
        return v4_response(present_person(person))


class HeldRole(PeopleView):
    """`/api/v4/users/{id}/roles/{role}`."""

    @operation(data=UserShape, errors=[*DENIALS, UnknownUser, RoleNotHeld, LastSuperAdmin])
    def delete(self, request: Request, user_id: int, role: str) -> Response:
        """Take a role back."""
        self.query(StrictSerializer)
        if role not in LEVELS:
            raise RoleNotHeld(hint=f"Roles are {', '.join(sorted(LEVELS))}.")
        return v4_response(present_person(self.roles.revoke(user_id, Role(role), giver_of(request))))
