"""Which of Django's permissions a role brings along: the admin opens to roles as it does to groups."""

from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.backends import BaseBackend

from users.models import User
from users.roles import APPS, Role


class RoleBackend(BaseBackend):
    """Gives a person the permissions of the apps that their roles open; it signs nobody in."""

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return the permissions that the person's roles bring, as `app.codename`; none for an object alone."""
        if obj is not None or not isinstance(user_obj, User) or not user_obj.is_active:
            return set()
        return set().union(*(permissions_of(role) for role in user_obj.granted_roles))

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Return whether any of the app's permissions is the person's."""
        return any(name.startswith(f"{app_label}.") for name in self.get_group_permissions(user_obj))


@cache
def permissions_of(role: Role) -> frozenset[str]:
    """Return every permission of the apps that a role opens; whoever may do everything is asked for none."""
    return frozenset(
        f"{label}.{codename}"
        for label in APPS.get(role, ())
        for model in apps.get_app_config(label).get_models()
        for codename in _codenames(model._meta)
    )


def _codenames(options: Any) -> list[str]:
    usual = [get_permission_codename(action, options) for action in options.default_permissions]
    return [*usual, *(codename for codename, _ in options.permissions)]
