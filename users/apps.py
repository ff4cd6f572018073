"""The users app."""

from collections.abc import Iterable
from datetime import datetime

from django.apps import AppConfig

from rollout import known_identities


class UsersConfig(AppConfig):
    name = "users"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the rollout which machines there are; people it knows by itself."""
        known_identities.register("k", service_keys)


def service_keys(at: datetime) -> Iterable[str]:
    """Return the identities of the service keys that open something at this time, oldest first."""
    from users.models import ServiceKey

    return [f"k:{key}" for key in ServiceKey.objects.usable(at).order_by("pk").values_list("pk", flat=True)]
