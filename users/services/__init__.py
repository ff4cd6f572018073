"""The v4 engine of users: rules and transactions."""

from users.services.people import UserService
from users.services.roles import RoleService

__all__ = ["RoleService", "UserService"]
