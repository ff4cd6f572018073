"""The v4 contract of users."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, TypedDict

from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import PageQuery, V4View, v4_conditional
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.paging import InvalidCursor, PageRequest
from jewgo.core.schema import operation
from rollout.gate import FeatureDisabled, Gate
from users.api.permissions import Authority
from users.services import UserService
from users.values import Person, UserCriteria


class UsersQuery(PageQuery):
    """The parameters of the list of users."""

    search = serializers.CharField(
        required=False, max_length=100, help_text="Part of the name or the e-mail address, in any case."
    )


class UserShape(TypedDict):
    """A user as v4 shows them to whoever operates the service."""

    id: int
    email: str
    name: str | None
    role: str
    is_active: bool
    created_at: datetime
    updated_at: datetime


def present_person(person: Person) -> UserShape:
    """Return a user in v4's shape."""
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name or None,
        "role": person.role,
        "is_active": person.is_active,
        "created_at": person.created_at,
        "updated_at": person.updated_at,
    }


class Users(V4View):
    """`/api/v4/users`: people, for whoever operates the service."""

    permission_classes: Sequence[Any] = (Gate("api_v4_users"), Authority)
    v3_path: ClassVar[str | None] = "/api/admin/users"
    service: ClassVar[UserService] = UserService()

    @operation(
        query=UsersQuery,
        data=list[UserShape],
        conditional=True,
        errors=[InvalidInput, InvalidCursor, Unauthenticated, Forbidden, FeatureDisabled],
    )
    def get(self, request: Request) -> Response:
        """Answer one page of the users whose name or address contains `search`, the latest first."""
        query = self.query(UsersQuery)
        asked = PageRequest.of(query)
        page = self.service.browse(UserCriteria(search=query.get("search", "")), asked)
        return v4_conditional(request, [present_person(person) for person in page.items], meta=asked.meta(page))


urlpatterns = [path("api/v4/users", Users.as_view(), name="v4-users")]
