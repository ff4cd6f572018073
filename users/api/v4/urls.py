"""The routes of users in v4."""

from django.urls import path

from users.api.v4.me import Export, Me
from users.api.v4.people import HeldRole, Roles, User, Users

urlpatterns = [
    path("api/v4/users", Users.as_view(), name="v4-users"),
    path("api/v4/users/me", Me.as_view(), name="v4-me"),
    path("api/v4/users/me/export", Export.as_view(), name="v4-me-export"),
    path("api/v4/users/<int:user_id>", User.as_view(), name="v4-user"),
    path("api/v4/users/<int:user_id>/roles", Roles.as_view(), name="v4-user-roles"),
    path("api/v4/users/<int:user_id>/roles/<str:role>", HeldRole.as_view(), name="v4-user-role"),
]
